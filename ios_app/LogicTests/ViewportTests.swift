import Foundation
import RestoreCore
import XCTest

@testable import HeirloomLogic

final class ViewportTests: XCTestCase {
    private let middle = CGPoint(x: 50, y: 50)
    private var viewport = Viewport(
        photo: CGSize(width: 400, height: 200), view: CGSize(width: 100, height: 100))

    func testAPhotoIsFittedAndCentred() {
        XCTAssertEqual(viewport.frame, CGRect(x: 0, y: 25, width: 100, height: 50))
        XCTAssertEqual(viewport.visible, viewport.frame)
        XCTAssertEqual(viewport.pixel(at: CGPoint(x: 0, y: 25)), Stroke.Place(column: 0, row: 0))
        XCTAssertEqual(viewport.pixel(at: CGPoint(x: 99.9, y: 0)), Stroke.Place(column: 399, row: -100))
        XCTAssertEqual(
            viewport.point(of: Stroke.Place(column: 199, row: 0)), CGPoint(x: 49.875, y: 25.125))
    }

    func testAPixelLiesWhereItIsDrawnHoweverThePhotoIsZoomedAndMoved() {
        viewport.zoom(to: 5, around: CGPoint(x: 20, y: 40), density: 1)
        viewport.move(across: -13, down: 4)
        for pixel in [Stroke.Place(column: 0, row: 0), Stroke.Place(column: 399, row: 77)] {
            XCTAssertEqual(viewport.pixel(at: viewport.point(of: pixel)), pixel)
        }
    }

    func testZoomKeepsThePlaceUnderTheFingers() {
        let finger = CGPoint(x: 60, y: 52)
        let before = viewport.pixel(at: finger)
        viewport.zoom(to: 6, around: finger, density: 1)
        XCTAssertEqual(viewport.zoom, 6)
        let after = viewport.point(of: before)
        XCTAssertEqual(after.x, finger.x, accuracy: 1.6)
        XCTAssertEqual(after.y, finger.y, accuracy: 1.6)
    }

    func testADoubleTapShowsEachPixelAsOneOfTheScreenAndBack() {
        viewport.toggle(at: middle, density: 2)
        XCTAssertEqual(viewport.scale, 0.5)
        viewport.toggle(at: middle, density: 2)
        XCTAssertEqual(viewport.zoom, 1)
        var small = Viewport(photo: CGSize(width: 50, height: 50), view: CGSize(width: 100, height: 100))
        small.toggle(at: middle, density: 3)
        XCTAssertEqual(small.zoom, 2)
    }

    func testZoomHasBounds() {
        viewport.zoom(to: 1000, around: middle, density: 1)
        XCTAssertEqual(viewport.zoom, 8)
        viewport.zoom(to: 0.01, around: middle, density: 1)
        XCTAssertEqual(viewport.zoom, 1)
        XCTAssertFalse(viewport.isZoomed)
    }

    func testAPhotoLeavesNoGapThatItCouldFill() {
        viewport.zoom(to: 4, around: middle, density: 1)
        viewport.move(across: 1000, down: 1000)
        XCTAssertEqual(viewport.frame.origin, .zero)
        viewport.move(across: -1000, down: -1000)
        XCTAssertEqual(viewport.frame.maxX, 100, accuracy: 1e-9)
        viewport.zoom(to: 1, around: .zero, density: 1)
        XCTAssertEqual(viewport.frame, CGRect(x: 0, y: 25, width: 100, height: 50))
    }

    func testTheLineOfTheComparisonStaysOnTheVisiblePhoto() {
        viewport.view = CGSize(width: 300, height: 100)
        XCTAssertEqual(viewport.place(of: 0), 50)
        XCTAssertEqual(viewport.place(of: 0.25), 100)
        XCTAssertEqual(viewport.share(at: CGPoint(x: 100, y: 0)), 0.25)
        XCTAssertEqual(viewport.share(at: CGPoint(x: 10, y: 0)), 0)
        viewport.zoom(to: 4, around: CGPoint(x: 150, y: 50), density: 1)
        XCTAssertEqual(viewport.place(of: 1), 300)
    }

    func testDetailIsLookedForWhereThePictureIsTooCoarse() {
        XCTAssertNil(viewport.detail(width: 100, density: 3))
        viewport.toggle(at: middle, density: 2)
        XCTAssertNil(viewport.detail(width: 400, density: 2))
        XCTAssertEqual(
            viewport.detail(width: 399, density: 2), Crop(left: 100, top: 0, width: 200, height: 200))
        viewport.move(across: -1000, down: 0)
        let crop = Crop(left: 200, top: 0, width: 200, height: 200)
        XCTAssertEqual(viewport.detail(width: 100, density: 2), crop)
        XCTAssertEqual(viewport.frame(of: crop), CGRect(x: 0, y: 0, width: 100, height: 100))
    }

    func testAViewThatTurnsKeepsThePhotoInside() {
        viewport.zoom(to: 2, around: CGPoint(x: 100, y: 50), density: 1)
        viewport.view = CGSize(width: 200, height: 50)
        XCTAssertEqual(viewport.frame.height, 100)
        XCTAssertEqual(viewport.visible, CGRect(x: 0, y: 0, width: 200, height: 50))
    }

    func testAViewOrAPhotoWithoutAnAreaIsNoTrap() {
        var empty = Viewport(photo: .zero, view: CGSize(width: 100, height: 100))
        empty.zoom(to: 3, around: middle, density: 1)
        empty.move(across: 1, down: 1)
        XCTAssertEqual(empty.scale, 0)
        XCTAssertEqual(empty.zoom, 1)
    }
}

final class HandTests: XCTestCase {
    private let (start, near, far) = (CGPoint(x: 1, y: 1), CGPoint(x: 3, y: 2), CGPoint(x: 9, y: 9))

    func testAFingerDrawsFromWhereItWasPutDown() {
        var hand = Hand()
        XCTAssertEqual(hand.moved(from: start, to: near), CGSize(width: 2, height: 1))
        hand.draw(to: near)
        XCTAssertEqual(hand.moved(from: start, to: far), CGSize(width: 6, height: 7))
        hand.draw(to: far)
        XCTAssertEqual(hand.finish(), [start, near, far])
        XCTAssertEqual(hand.finish(), [])
    }

    func testATouchIsADot() {
        var hand = Hand()
        _ = hand.moved(from: start, to: start)
        hand.draw(to: start)
        XCTAssertEqual(hand.finish(), [start])
    }

    func testASecondFingerTakesTheLineBackUntilTheFirstIsLifted() {
        var hand = Hand()
        _ = hand.moved(from: start, to: near)
        hand.draw(to: near)
        hand.leave(start)
        XCTAssertNil(hand.moved(from: start, to: far))
        XCTAssertEqual(hand.finish(), [])
        XCTAssertNotNil(hand.moved(from: start, to: far))
    }

    func testADragThatEndedWithoutAWordLeavesNoLine() {
        var hand = Hand()
        _ = hand.moved(from: start, to: near)
        hand.draw(to: near)
        XCTAssertEqual(hand.moved(from: far, to: far), .zero)
        XCTAssertEqual(hand.line, [])
    }
}
