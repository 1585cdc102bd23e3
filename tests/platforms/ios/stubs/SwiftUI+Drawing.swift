import CoreGraphics

public protocol Shape: View {}

extension Shape {
    public func fill<S: ShapeStyle>(_ content: S) -> some View { EmptyView() }
}

public struct Rectangle: Shape {
    public nonisolated init() {}
    public var body: Never { fatalError() }
}

public protocol ShapeStyle: Sendable {}

public struct Color: ShapeStyle {
    public static let red = Color()
}

public struct HierarchicalShapeStyle: ShapeStyle {}

public struct Material: ShapeStyle {}

extension ShapeStyle where Self == Color {
    public static var white: Color { Color() }
    public static var red: Color { Color() }
}

extension ShapeStyle where Self == HierarchicalShapeStyle {
    public static var secondary: HierarchicalShapeStyle { HierarchicalShapeStyle() }
}

extension ShapeStyle where Self == Material {
    public static var regularMaterial: Material { Material() }
}

public enum CGLineCap: Int32, Sendable {
    case butt, round, square
}

public enum CGLineJoin: Int32, Sendable {
    case miter, round, bevel
}

public struct StrokeStyle: Equatable, Sendable {
    public init(lineWidth: CGFloat = 1, lineCap: CGLineCap = .butt, lineJoin: CGLineJoin = .miter) {}
}

public struct Path: Equatable, Sendable {
    public init() {}
    public init(ellipseIn rect: CGRect) {}
    public mutating func addLines(_ lines: [CGPoint]) {}
}

public struct GraphicsContext {
    public struct BlendMode: RawRepresentable, Equatable {
        public let rawValue: Int32
        public init(rawValue: Int32) { self.rawValue = rawValue }
        public static var normal: BlendMode { fatalError() }
        public static var destinationOut: BlendMode { fatalError() }
    }
    public struct Shading {
        public static func color(_ color: Color) -> Shading { fatalError() }
    }

    public var blendMode: BlendMode
    public func draw(_ image: Image, in rect: CGRect) {}
    public func fill(_ path: Path, with shading: Shading) {}
    public func stroke(_ path: Path, with shading: Shading, style: StrokeStyle) {}
}

public struct Canvas<Symbols: View>: View {
    public var body: Never { fatalError() }
}

extension Canvas where Symbols == EmptyView {
    public init(
        opaque: Bool = false, rendersAsynchronously: Bool = false,
        renderer: @escaping (inout GraphicsContext, CGSize) -> Void
    ) { fatalError() }
}
