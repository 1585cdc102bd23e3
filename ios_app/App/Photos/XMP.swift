import Foundation
import ImageIO

/// XMP of a photo's file, beyond what ImageIO has in its groups of metadata: titles, keywords, ratings, edits.
enum XMP {
    /// The tags that are carried; nil if there are none.
    static func carried(from source: CGImageSource) -> CGImageMetadata? {
        guard let all = CGImageSourceCopyMetadataAtIndex(source, 0, nil) else { return nil }
        let carried = CGImageMetadataCreateMutable()
        CGImageMetadataEnumerateTagsUsingBlock(all, nil, nil) { path, tag in
            if let prefix = CGImageMetadataTagCopyPrefix(tag), carriesXMP(prefix as String),
                let namespace = CGImageMetadataTagCopyNamespace(tag)
            {
                _ = CGImageMetadataRegisterNamespaceForPrefix(carried, namespace, prefix, nil)
                _ = CGImageMetadataSetTagWithPath(carried, nil, path, tag)
            }
            return true
        }
        return CGImageMetadataCopyTags(carried) == nil ? nil : carried
    }

    /// Adds tags to a file without encoding it again. False where ImageIO refuses, as for some formats: the file
    /// then stays as it was.
    static func add(_ tags: CGImageMetadata, to file: URL) -> Bool {
        let tagged = file.deletingLastPathComponent().appendingPathComponent("tagged")
        let options: [CFString: Any] = [
            kCGImageDestinationMetadata: tags, kCGImageDestinationMergeMetadata: true,
        ]
        guard let source = CGImageSourceCreateWithURL(file as CFURL, nil),
            let type = CGImageSourceGetType(source),
            let destination = CGImageDestinationCreateWithURL(tagged as CFURL, type, 1, nil),
            CGImageDestinationCopyImageSource(destination, source, options as CFDictionary, nil)
        else { return false }
        return (try? FileManager.default.replaceItemAt(file, withItemAt: tagged)) != nil
    }
}
