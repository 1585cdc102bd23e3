import Foundation

public struct UTType: Sendable, Hashable {
    public var identifier: String { fatalError() }
    public static var image: UTType { fatalError() }
    public static var jpeg: UTType { fatalError() }
}
