import XCTest

@testable import HeirloomLogic

final class FileTests: XCTestCase {
    private let keys = MetadataKeys(
        carried: ["exif", "gps", "tiff", "dpi"], orientation: "orientation", tiff: "tiff",
        tiffOrientation: "turned", exif: "exif", exifWidth: "across", exifHeight: "down")

    func testKindStaysButForAlphaAndTheUnknown() {
        XCTAssertEqual(FileKind(sourceType: "public.jpeg", hasAlpha: false), .jpeg)
        XCTAssertEqual(FileKind(sourceType: "public.heic", hasAlpha: false), .heic)
        XCTAssertEqual(FileKind(sourceType: "public.heif", hasAlpha: false), .heic)
        XCTAssertEqual(FileKind(sourceType: "public.heic", hasAlpha: true), .png)
        XCTAssertEqual(FileKind(sourceType: "public.tiff", hasAlpha: false), .png)
    }

    func testMetadataIsCarriedAndSaysUpright() {
        let source: [String: Any] = [
            "exif": ["taken": "1931", "across": 9], "gps": ["latitude": 52.5], "tiff": ["turned": 6],
            "orientation": 6, "maker": ["17": "pair"], "dpi": 300,
        ]
        let carried = carriedMetadata(source, keys: keys, width: 30, height: 40)
        XCTAssertEqual(Set(carried.keys), ["exif", "gps", "tiff", "orientation", "dpi"])
        XCTAssertEqual(carried["orientation"] as? Int, 1)
        XCTAssertEqual((carried["tiff"] as? [String: Any])?["turned"] as? Int, 1)
        let exif = carried["exif"] as? [String: Any]
        XCTAssertEqual(exif?["taken"] as? String, "1931")
        XCTAssertEqual(exif?["across"] as? Int, 30)
        XCTAssertEqual(exif?["down"] as? Int, 40)
    }

    func testAFileThatSaysNothingGetsOnlyItsOrientation() {
        let carried = carriedMetadata([:], keys: keys, width: 30, height: 40)
        XCTAssertEqual(carried.keys.sorted(), ["orientation"])
    }

    func testWhatIsLostIsSaid() {
        let plain = FileTraits(
            bits: 8, pictures: 1, hasDepth: false, hasGainMap: false, hasMakersNote: false)
        XCTAssertEqual(Lost.all(of: plain), [])
        let rich = FileTraits(bits: 10, pictures: 2, hasDepth: true, hasGainMap: true, hasMakersNote: true)
        XCTAssertEqual(Lost.all(of: rich), Lost.allCases.filter { $0 != .xmp })
    }

    func testXMPIsCarriedUnlessItHoldsForTheOldPixels() {
        XCTAssertEqual(["dc", "xmp", "exif", "tiff", "mwg-rs"].filter(carriesXMP), ["dc", "xmp"])
    }

    func testUnmultiplyGivesTheColoursBack() {
        var pixels: [UInt8] = [100, 50, 0, 255, 50, 25, 0, 128, 7, 7, 7, 0, 200, 1, 2, 100]
        pixels.withUnsafeMutableBufferPointer { unmultiply($0) }
        XCTAssertEqual(pixels, [100, 50, 0, 255, 100, 50, 0, 128, 7, 7, 7, 0, 255, 3, 5, 100])
    }
}
