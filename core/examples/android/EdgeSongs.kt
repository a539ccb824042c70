package edge

import java.nio.ByteBuffer

/** A song; times are seconds from the first sample. */
data class Song(val start: Double, val end: Double, val prelude: Double, val postlude: Double, val confidence: Double)

/** A function of the library refused; `status` is one of EDGE_SONGS_ in edge_songs.h. */
class EdgeException(val status: Int) : RuntimeException("edge_songs: status $status")

/**
 * Finds the songs in audio at 16 kHz, one channel, for one thread at a time.
 *
 * `model` is a direct buffer with the bytes of segmenter.edge, for example an uncompressed asset that is mapped into
 * memory. With `live`, songs are known as they end; else after [finish], for at most `maxSeconds` of audio.
 */
class EdgeSongs(private val model: ByteBuffer, live: Boolean, maxSeconds: Double = 1800.0) : AutoCloseable {
    private var handle: Long = 0

    init {
        require(model.isDirect) { "the model must be in a direct buffer" }
        handle = open(model, live, maxSeconds)
    }

    /** Label `count` samples in -1..1; returns the songs that are known since the last call. */
    fun accept(samples: FloatArray, count: Int = samples.size): List<Song> {
        require(count in 0..samples.size) { "$count samples of ${samples.size}" }
        accept(opened(), samples, count)
        return songs()
    }

    /** Label what is left, at the end of the audio; returns the remaining songs. */
    fun finish(): List<Song> {
        finish(opened())
        return songs()
    }

    /** Confidences of the last `frames` frames of 0.1 s: singing, speaking, music, other; an array of 4 each. */
    fun recent(frames: Int): List<FloatArray> = recent(opened(), frames).toList().chunked(4) { it.toFloatArray() }

    override fun close() {
        if (handle != 0L) free(handle)
        handle = 0
    }

    private fun songs(): List<Song> =
        take(handle).toList().chunked(5) { Song(it[0], it[1], it[2], it[3], it[4]) }

    private fun opened(): Long {
        check(handle != 0L) { "closed" }
        return handle
    }

    private external fun open(model: ByteBuffer, live: Boolean, maxSeconds: Double): Long
    private external fun accept(handle: Long, samples: FloatArray, count: Int)
    private external fun finish(handle: Long)
    private external fun take(handle: Long): DoubleArray
    private external fun recent(handle: Long, frames: Int): FloatArray
    private external fun free(handle: Long)

    companion object {
        init {
            System.loadLibrary("edge_songs_jni")
        }
    }
}
