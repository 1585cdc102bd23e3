import Foundation

public enum PHAuthorizationStatus: Int, Sendable {
    case notDetermined, restricted, denied, authorized, limited
}

public enum PHAccessLevel: Int, Sendable {
    case addOnly = 1
    case readWrite = 2
}

public enum PHAssetResourceType: Int, Sendable {
    case photo = 1
}

public class PHAssetResourceCreationOptions {
    public init() {}
    public var originalFilename: String?
}

public class PHAssetCreationRequest {
    public class func forAsset() -> Self { fatalError() }
    public func addResource(
        with type: PHAssetResourceType, fileURL: URL, options: PHAssetResourceCreationOptions?
    ) {}
}

public class PHPhotoLibrary: @unchecked Sendable {
    public class func shared() -> PHPhotoLibrary { fatalError() }
    public class func requestAuthorization(for accessLevel: PHAccessLevel) async -> PHAuthorizationStatus {
        fatalError()
    }
    public func performChanges(_ changeBlock: @escaping () -> Void) async throws {}
}
