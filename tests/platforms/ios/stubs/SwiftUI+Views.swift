import CoreGraphics

public struct LocalizedStringKey: ExpressibleByStringInterpolation {
    public init(stringLiteral value: String) {}
}

public struct Text: View {
    public init(_ key: LocalizedStringKey) {}
    public init(verbatim content: String) {}
    public var body: Never { fatalError() }
}

public struct NavigationStack<Root: View>: View {
    public nonisolated init(@ViewBuilder root: () -> Root) {}
    public var body: Never { fatalError() }
}

public struct Label<Title: View, Icon: View>: View {
    public var body: Never { fatalError() }
}

public struct Image: View {
    public enum Orientation: Sendable {
        case up
    }
    public init(decorative cgImage: CGImage, scale: CGFloat, orientation: Orientation = .up) {}
    public func resizable() -> Image { self }
    public var body: Never { fatalError() }
}

extension Label where Title == Text, Icon == Image {
    public nonisolated init(_ titleKey: LocalizedStringKey, systemImage name: String) { fatalError() }
}

public struct ButtonRole: Sendable {
    public static let cancel = ButtonRole()
}

public struct Button<Label: View>: View {
    public var body: Never { fatalError() }
}

extension Button where Label == Text {
    public nonisolated init(
        _ titleKey: LocalizedStringKey, role: ButtonRole? = nil, action: @escaping @MainActor () -> Void
    ) { fatalError() }
}

extension Button where Label == SwiftUI.Label<Text, Image> {
    public nonisolated init(
        _ titleKey: LocalizedStringKey, systemImage: String, action: @escaping @MainActor () -> Void
    ) { fatalError() }
}

public struct Picker<Label: View, SelectionValue: Hashable, Content: View>: View {
    public var body: Never { fatalError() }
}

extension Picker where Label == Text {
    public nonisolated init(
        _ titleKey: LocalizedStringKey, selection: Binding<SelectionValue>,
        @ViewBuilder content: () -> Content
    ) { fatalError() }
}

public struct ForEach<Data: RandomAccessCollection, ID: Hashable, Content: View>: View {
    public nonisolated init(
        _ data: Data, id: KeyPath<Data.Element, ID>,
        @ViewBuilder content: @escaping (Data.Element) -> Content
    ) { fatalError() }
    public var body: Never { fatalError() }
}

public struct DisclosureGroup<Label: View, Content: View>: View {
    public var body: Never { fatalError() }
}

extension DisclosureGroup where Label == Text {
    public nonisolated init(
        _ titleKey: LocalizedStringKey, @ViewBuilder content: @escaping () -> Content
    ) { fatalError() }
}

public struct Toggle<Label: View>: View {
    public var body: Never { fatalError() }
}

extension Toggle where Label == Text {
    public nonisolated init(_ titleKey: LocalizedStringKey, isOn: Binding<Bool>) { fatalError() }
}

public struct Slider<Label: View, ValueLabel: View>: View {
    public var body: Never { fatalError() }
}

extension Slider where ValueLabel == EmptyView {
    public nonisolated init<V: BinaryFloatingPoint>(
        value: Binding<V>, in bounds: ClosedRange<V> = 0...1, @ViewBuilder label: () -> Label
    ) where V.Stride: BinaryFloatingPoint { fatalError() }
}

public struct LabeledContent<Label: View, Content: View>: View {
    public var body: Never { fatalError() }
}

extension LabeledContent where Label == Text {
    public nonisolated init(_ titleKey: LocalizedStringKey, @ViewBuilder content: () -> Content) {
        fatalError()
    }
}

public struct ProgressView<Label: View, CurrentValueLabel: View>: View {
    public var body: Never { fatalError() }
}

extension ProgressView where Label == Text, CurrentValueLabel == EmptyView {
    public nonisolated init(_ titleKey: LocalizedStringKey) { fatalError() }
    public nonisolated init<V: BinaryFloatingPoint>(
        _ titleKey: LocalizedStringKey, value: V?, total: V = 1.0
    ) { fatalError() }
}

public struct ShareLink<Data, PreviewImage, PreviewIcon, Label: View>: View {
    public var body: Never { fatalError() }
}

public struct DefaultShareLinkLabel: View {
    public var body: Never { fatalError() }
}

extension ShareLink
where
    PreviewImage == Never, PreviewIcon == Never, Data == CollectionOfOne<URL>,
    Label == DefaultShareLinkLabel
{
    public nonisolated init(item: URL, subject: Text? = nil, message: Text? = nil) { fatalError() }
}

public struct ContentUnavailableView<Label: View, Description: View, Actions: View>: View {
    public var body: Never { fatalError() }
}

extension ContentUnavailableView
where Label == SwiftUI.Label<Text, Image>, Description == Text?, Actions == EmptyView {
    public nonisolated init(
        _ title: LocalizedStringKey, systemImage name: String, description: Text? = nil
    ) { fatalError() }
}
