import Foundation
import RestoreCore
import XCTest

@testable import HeirloomLogic

final class MarksTests: XCTestCase {
    private let photo = CGSize(width: 400, height: 200)

    func testWithoutStrokesTheFoundDamageStays() {
        let found = Damage(painted: ArrayPixels(height: 2, width: 2, colours: 1, samples: [255, 0, 0, 0]))
        guard case .painted(let damage) = Marks(found: found, height: 2, width: 2).scratches else {
            return XCTFail("not painted")
        }
        XCTAssertEqual(damage, found)
        guard case .off = Marks(found: nil, height: 2, width: 2).scratches else {
            return XCTFail("painted")
        }
    }

    func testStrokesAreTakenBackOneByOne() throws {
        var marks = Marks(found: nil, height: 3, width: 4)
        marks.add(try Stroke(points: [Stroke.Place(column: 1, row: 1)], radius: 0))
        marks.add(try Stroke(points: [Stroke.Place(column: 3, row: 2)], radius: 0))
        XCTAssertEqual(try marked(marks), [5, 11])
        marks.undo()
        XCTAssertEqual(try marked(marks), [5])
        marks.undo()
        marks.undo()
        XCTAssertEqual(marks, Marks(found: nil, height: 3, width: 4))
    }

    func testABrushAsWideAsOnTheScreen() throws {
        var viewport = Viewport(photo: photo, view: CGSize(width: 100, height: 100))
        let brush = Brush(tool: .brush, size: .medium)
        let points = [CGPoint(x: 10, y: 30), CGPoint(x: 10.1, y: 30.1), CGPoint(x: 50, y: 50)]
        let stroke = try XCTUnwrap(brush.stroke(through: points, in: viewport))
        let places = [Stroke.Place(column: 40, row: 20), Stroke.Place(column: 200, row: 100)]
        XCTAssertEqual(stroke, try Stroke(points: places, radius: 36))
        viewport.zoom(to: 4, around: CGPoint(x: 50, y: 50), density: 1)
        XCTAssertEqual(brush.stroke(through: points, in: viewport)?.radius, 9)
    }

    func testTheEraserErasesAndTheHandMarksNothing() {
        let viewport = Viewport(photo: photo, view: photo)
        let point = [CGPoint(x: 5, y: 5)]
        XCTAssertEqual(Brush(tool: .eraser).stroke(through: point, in: viewport)?.erases, true)
        XCTAssertNil(Brush(tool: .hand).stroke(through: point, in: viewport))
        XCTAssertNil(Brush().stroke(through: [], in: viewport))
        XCTAssertNil(Brush().stroke(through: point, in: Viewport(photo: photo)))
    }

    func testSizesGrow() {
        let radii = Brush.Size.allCases.map(\.radius)
        XCTAssertEqual(radii, radii.sorted())
        XCTAssertEqual(Set(radii).count, 3)
    }

    func testTheOverlayIsRedWhereThereIsDamage() {
        let damage = Damage(painted: ArrayPixels(height: 2, width: 2, colours: 1, samples: [0, 0, 255, 0]))
        XCTAssertEqual(
            overlay(damage, rows: 2, columns: 1, height: 2, width: 2), [0, 0, 0, 0, 255, 0, 0, 255])
    }

    /// The numbers of the marked pixels, row by row.
    private func marked(_ marks: Marks) throws -> [Int] {
        guard case .painted(let damage) = marks.scratches else { return [] }
        return damage.mask.values.indices.filter { damage.mask.values[$0] }
    }
}
