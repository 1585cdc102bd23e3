/// Connected regions of a plane, as runs of pixels along its rows; neighbours also touch at corners.
struct Regions {
    /// Pixels next to one another in a row, as places in the plane; the region's number, from 0.
    private struct Run {
        let start: Int32
        let stop: Int32
        var region: Int32

        var places: Range<Int> { Int(start)..<Int(stop) }
    }

    private let runs: [Run]
    let count: Int

    /// The regions of the values for which `counts` holds, of a plane whose rows have `columns` values.
    init<Value>(_ plane: [Value], columns: Int, where counts: (Value) -> Bool) {
        var runs = [Run]()
        var above = 0..<0
        for first in stride(from: 0, to: plane.count, by: columns) {
            let begin = runs.count
            Self.add(to: &runs, plane, first..<first + columns, where: counts)
            Self.join(&runs, above, begin..<runs.count, columns)
            above = begin..<runs.count
        }
        var count: Int32 = 0
        for index in runs.indices {
            // A run's root comes before it, and is numbered already.
            let root = Int(runs[index].region)
            runs[index].region = root == index ? count : runs[root].region
            if root == index { count += 1 }
        }
        (self.runs, self.count) = (runs, Int(count))
    }

    /// Number of pixels of each region.
    var areas: [Int] {
        gathered { area, run in area += run.places.count }
    }

    /// The largest value of a plane in each region.
    func maxima(_ plane: [UInt8]) -> [Int] {
        gathered { largest, run in
            for place in run.places { largest = max(largest, Int(plane[place])) }
        }
    }

    /// The sum of a plane over each region.
    func sums(_ plane: [UInt8]) -> [Int] {
        gathered { sum, run in
            for place in run.places { sum += Int(plane[place]) }
        }
    }

    /// The sum of a plane's squares over each region.
    func sumsOfSquares(_ plane: [UInt8]) -> [Int] {
        gathered { sum, run in
            for place in run.places { sum += Int(plane[place]) * Int(plane[place]) }
        }
    }

    /// Sets the pixels of the `chosen` regions.
    func set(_ mask: inout Mask, to value: Bool, where chosen: [Bool]) {
        for run in runs where chosen[Int(run.region)] {
            for place in run.places { mask.values[place] = value }
        }
    }

    @inline(__always)
    private func gathered(_ add: (_ value: inout Int, _ run: Run) -> Void) -> [Int] {
        var gathered = [Int](repeating: 0, count: count)
        for run in runs { add(&gathered[Int(run.region)], run) }
        return gathered
    }

    /// Adds the runs of a row, each a region of its own.
    @inline(__always)
    private static func add<Value>(
        to runs: inout [Run], _ plane: [Value], _ row: Range<Int>, where counts: (Value) -> Bool
    ) {
        plane.withUnsafeBufferPointer { plane in
            var place = row.lowerBound
            while place < row.upperBound {
                guard counts(plane[place]) else {
                    place += 1
                    continue
                }
                let start = place
                while place < row.upperBound, counts(plane[place]) { place += 1 }
                runs.append(Run(start: Int32(start), stop: Int32(place), region: Int32(runs.count)))
            }
        }
    }

    /// Joins the regions of the runs of a row with those of the row `above` that they touch. Until all are
    /// numbered a run's region is an earlier run of it, or itself: then it is the root.
    private static func join(
        _ runs: inout [Run], _ above: Range<Int>, _ row: Range<Int>, _ columns: Int
    ) {
        var first = above.lowerBound
        for index in row {
            let (start, stop) = (Int(runs[index].start) - columns, Int(runs[index].stop) - columns)
            while first < above.upperBound, runs[first].stop < start { first += 1 }
            var other = first
            while other < above.upperBound, runs[other].start <= stop {
                let (one, two) = (root(&runs, other), root(&runs, index))
                runs[max(one, two)].region = Int32(min(one, two))
                other += 1
            }
        }
    }

    private static func root(_ runs: inout [Run], _ index: Int) -> Int {
        var index = index
        while Int(runs[index].region) != index {
            // Path halving, for later searches.
            runs[index].region = runs[Int(runs[index].region)].region
            index = Int(runs[index].region)
        }
        return index
    }
}
