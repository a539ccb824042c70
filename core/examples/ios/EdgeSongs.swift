import EdgeSongsC
import Foundation

/// A function of the library refused; `status` is one of EDGE_SONGS_ in edge_songs.h.
public struct EdgeError: Error {
    public let status: Int
}

/// Finds the songs in audio at 16 kHz, one channel, for one thread at a time.
public final class EdgeSongs {
    private let model: UnsafeMutableRawPointer
    private let memory: UnsafeMutableRawPointer
    private var songs: OpaquePointer?

    /// Begin a recording with the content of segmenter.edge. With `live`, songs are known as they end; else after
    /// `finish`, for at most `maxSeconds` of audio.
    public init(model content: Data, live: Bool, maxSeconds: Double = 1800) throws {
        var options = edge_song_defaults()
        options.live = live ? 1 : 0
        options.max_seconds = maxSeconds
        model = UnsafeMutableRawPointer.allocate(byteCount: max(content.count, 1), alignment: 64)
        content.copyBytes(to: model.assumingMemoryBound(to: UInt8.self), count: content.count)
        let size = edge_songs_size(model, Int64(content.count), &options)
        guard size > 0 else {
            model.deallocate()
            throw EdgeError(status: Int(-size))
        }
        memory = UnsafeMutableRawPointer.allocate(byteCount: Int(size), alignment: 64)
        let status = edge_songs_open(model, Int64(content.count), &options, memory, size, &songs)
        guard status == EDGE_SONGS_OK else {
            model.deallocate()
            memory.deallocate()
            throw EdgeError(status: Int(status))
        }
    }

    deinit {
        memory.deallocate()
        model.deallocate()
    }

    /// Label samples in -1..1; returns the songs that are known since the last call.
    public func accept(_ samples: [Float]) throws -> [edge_song] {
        try check(edge_songs_accept(songs, samples, Int64(samples.count)))
        return take()
    }

    /// Label what is left, at the end of the audio; returns the remaining songs.
    public func finish() throws -> [edge_song] {
        try check(edge_songs_finish(songs))
        return take()
    }

    private func take() -> [edge_song] {
        var found: [edge_song] = []
        var song = edge_song()
        while edge_songs_take(songs, &song, 1) == 1 { found.append(song) }
        return found
    }

    private func check(_ status: Int32) throws {
        if status != EDGE_SONGS_OK { throw EdgeError(status: Int(status)) }
    }
}
