// What Apple's Foundation has and the one for Linux lacks. Core Foundation's types are stood in for by
// the Swift types that they bridge to, since there is no bridging on Linux.
import Foundation

public typealias CFString = String
public typealias CFURL = URL
public typealias CFData = Data
public typealias CFArray = [Any]

public final class CFError {}
public typealias CFDictionary = [AnyHashable: Any]

public struct LocalizedStringResource: ExpressibleByStringInterpolation, Sendable {
    public init(stringLiteral value: String) {}
}

extension String {
    public struct LocalizationValue: ExpressibleByStringInterpolation, Sendable {
        public init(stringLiteral value: String) {}
    }

    public init(localized keyAndValue: String.LocalizationValue) {
        fatalError()
    }
}

extension URL {
    public static var documentsDirectory: URL { fatalError() }
    public func startAccessingSecurityScopedResource() -> Bool { false }
    public func stopAccessingSecurityScopedResource() {}
}

public class NSFileCoordinator {
    public struct ReadingOptions: OptionSet {
        public let rawValue: UInt
        public init(rawValue: UInt) { self.rawValue = rawValue }
    }

    public init() {}
    public func coordinate(
        readingItemAt url: URL, options: ReadingOptions = [],
        error outError: UnsafeMutablePointer<NSError?>?,
        byAccessor reader: (URL) -> Void
    ) {}
}

public func autoreleasepool<Result>(invoking body: () throws -> Result) rethrows -> Result {
    try body()
}
