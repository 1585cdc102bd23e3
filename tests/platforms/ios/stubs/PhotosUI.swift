import CoreTransferable
@_exported import Photos
import SwiftUI

public struct PHPickerFilter: Sendable {
    public static var images: PHPickerFilter { fatalError() }
}

public struct PhotosPickerItem: Equatable, Hashable, Sendable {
    public struct EncodingDisambiguationPolicy: Equatable, Hashable, Sendable {
        public static let automatic = EncodingDisambiguationPolicy()
        public static let current = EncodingDisambiguationPolicy()
        public static let compatible = EncodingDisambiguationPolicy()
    }

    public func loadTransferable<T: Transferable>(type: T.Type) async throws -> sending T? { nil }
}

public struct PhotosPicker<Label: View>: View {
    public var body: Never { fatalError() }
}

extension PhotosPicker where Label == Text {
    public nonisolated init(
        _ titleKey: LocalizedStringKey, selection: Binding<[PhotosPickerItem]>,
        maxSelectionCount: Int? = nil,
        matching filter: PHPickerFilter? = nil,
        preferredItemEncoding: PhotosPickerItem.EncodingDisambiguationPolicy = .automatic
    ) { fatalError() }
}
