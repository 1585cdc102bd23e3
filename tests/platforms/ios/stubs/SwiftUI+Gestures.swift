import CoreGraphics

@MainActor @preconcurrency public protocol Gesture<Value> {
    associatedtype Value
}

public struct ChangedGesture<Value>: Gesture {}

public struct EndedGesture<Value>: Gesture {}

public struct GestureStateGesture<Value>: Gesture {}

public struct Transaction {}

@propertyWrapper public struct GestureState<Value> {
    public init(wrappedValue: Value) {}
    public var wrappedValue: Value { fatalError() }
    public var projectedValue: GestureState<Value> { self }
}

extension Gesture {
    public func onEnded(_ action: @escaping (Value) -> Void) -> EndedGesture<Value> { fatalError() }
    public func onChanged(_ action: @escaping (Value) -> Void) -> ChangedGesture<Value>
    where Value: Equatable { fatalError() }
    public func updating<State>(
        _ state: GestureState<State>, body: @escaping (Value, inout State, inout Transaction) -> Void
    ) -> GestureStateGesture<Value> { fatalError() }
}

public struct DragGesture: Gesture {
    public struct Value: Equatable, Sendable {
        public var startLocation: CGPoint { fatalError() }
        public var location: CGPoint { fatalError() }
    }
    public nonisolated init(minimumDistance: CGFloat = 10) {}
}

public struct MagnifyGesture: Gesture {
    public struct Value: Equatable, Sendable {
        public var magnification: CGFloat { fatalError() }
        public var startLocation: CGPoint { fatalError() }
    }
    public nonisolated init(minimumScaleDelta: CGFloat = 0.01) {}
}

public struct SpatialTapGesture: Gesture {
    public struct Value: Equatable, Sendable {
        public var location: CGPoint { fatalError() }
    }
    public nonisolated init(count: Int = 1) {}
}

extension View {
    public nonisolated func gesture<T: Gesture>(_ gesture: T) -> some View { EmptyView() }
    public nonisolated func simultaneousGesture<T: Gesture>(_ gesture: T) -> some View { EmptyView() }
}
