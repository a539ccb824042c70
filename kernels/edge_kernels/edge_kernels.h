/* edge_kernels.h: what the kernel library offers, for C and for every language that calls C.
 *
 * The library needs nothing: it links to no other, allocates nothing, keeps no state, so every function may run
 * on any number of threads at once. Arrays are contiguous, need no more alignment than their elements, must not
 * be NULL (also where a count is 0) and must not overlap, unless a comment says so. Counts are of elements.
 * Scratch memory is the caller's; what is in it before and after does not matter.
 *
 * Functions that return int32_t return a status, EDGE_OK or what was wrong; then nothing was written. Functions
 * that return int64_t return a count, or minus a status.
 */
#ifndef EDGE_KERNELS_H
#define EDGE_KERNELS_H

#include <stdint.h>

#define EDGE_OK 0
#define EDGE_NULL 1 /* a pointer is NULL */
#define EDGE_SIZE 2 /* a count or an option is outside its range */
#define EDGE_DATA 3 /* the arrays contradict each other: offsets that go back, an id outside the alphabet */

#if defined(__cplusplus)
extern "C" {
#define restrict __restrict
#endif

/* A number that changes whenever the declarations of this file do: a library and its caller have the same. */
int64_t edge_interface(void);

/* float32 lanes of the library's vectors: 4, 8 or 16. */
int64_t edge_lanes(void);


/* ---- sound: float32 samples, frames interleaved by channel ---- */

/* out[i] = samples[i] * gain. */
int32_t edge_gain(const float *restrict samples, int64_t count, float gain, float *restrict out);

/* Raised-cosine fade over `length` frames, of which the first of `samples` is number `begin`: frame i is multiplied
 * by (1 - cos(pi d / length)) / 2, d = begin + i for a fade-in and length - begin - i if falling, held to
 * 0..length. Exactly 0 and 1 at the ends. */
int32_t edge_fade(const float *restrict samples, int64_t frames, int64_t channels, int64_t begin, int64_t length,
                  int32_t falling, float *restrict out);

/* Cross-fade from `before` to `after`, both float[frames * channels]; t = (i + 1/2) / frames.
 * equal_power 0: gains cos(pi t / 2)^2 and sin(pi t / 2)^2, whose sum is 1 (for takes of the same sound);
 * equal_power 1: gains cos(pi t / 2) and sin(pi t / 2), whose squares sum to 1 (for different sounds). */
int32_t edge_crossfade(const float *restrict before, const float *restrict after, int64_t frames,
                       int64_t channels, int32_t equal_power, float *restrict out);


/* ---- synthesis: notes and drums, added to `out`, float[2][frames], left and right ----
 *
 * What a sound gives before its frame 0 or after the last one is cut off. start: the frame of `out` at which it
 * begins, may be negative; hold: frames until a note is released. A sound begins and ends at 0: attack is
 * 3 s^2 - 2 s^3, s = t / attack; release (1 - s)^3, s = (t - hold) / release. exp(-t / d) is a decay of d.
 * Left is gain * sqrt(1 - pan), right gain * sqrt(1 + pan). Random numbers come of x' = (1664525 x + 1013904223)
 * mod 2^32 from the seed on, as x' / 2^31 - 1. Decays of 0 are those of a sample. */

#define EDGE_SINE 0
#define EDGE_TRIANGLE 1 /* sin(x) - sin(3 x) / 9 + sin(5 x) / 25 */
#define EDGE_SAW 2
#define EDGE_SQUARE 3

#define EDGE_STEP_TAPS 24   /* samples that an edge of a saw or square is spread over */
#define EDGE_STEP_PHASES 64 /* places between two samples for which the edge is tabulated */
#define EDGE_VOICE_SCRATCH 256

typedef struct {
    float rate_hz;
    float pitch_hz; /* 10 to rate_hz / 8 */
    int32_t wave;
    int32_t oscillators;  /* 1 to 3, of one power in all; of three the middle one is twice as strong. Random phases */
    float detune_cents;   /* between the lowest or highest and the middle */
    float width;          /* 0 to 1: how far the lowest is to the left and the highest to the right */
    float noise;          /* amplitude of white noise that is added to the oscillators */
    float noise_decay_s;
    float fm_ratio;       /* sines only: frequency of the modulator over that of the carrier */
    float fm_index;       /* in radians; 0: none */
    float fm_decay_s;
    float fm_sustain;     /* share of the index that stays */
    float cutoff_hz;      /* of the low-pass of 12 dB per octave; 0: none */
    float cutoff_octaves; /* by which attack * exp(-t / cutoff_decay_s) moves it */
    float cutoff_decay_s;
    float resonance;      /* Q, 0.5 to 20 */
    float attack_s;
    float decay_s;
    float sustain;        /* 0 to 1: what the decay falls to */
    float release_s;
    float vibrato_hz;
    float vibrato_cents;  /* reached between one and two delays after the beginning */
    float vibrato_delay_s;
    float gain;
    float pan;            /* -1 to 1 */
    int32_t seed;
} edge_voice_options;

/* A note of oscillators. steps: [EDGE_STEP_PHASES + 1][EDGE_STEP_TAPS], a band-limited step minus a step:
 * row p, column j at j - EDGE_STEP_TAPS / 2 + p / EDGE_STEP_PHASES samples after it. Saws and squares are late by
 * EDGE_STEP_TAPS / 2. Pitch, index and cutoff change every 16 frames. A decay to 0 ends at 1e-5. Carrier and modulator
 * begin at one phase, so a ratio of 1 gives no constant. scratch: EDGE_VOICE_SCRATCH doubles. */
int32_t edge_voice(const edge_voice_options *options, const float *restrict steps, int64_t start, int64_t hold,
                   int64_t frames, float *restrict out, double *restrict scratch);

typedef struct {
    float rate_hz;
    float pitch_hz;      /* 10 to rate_hz / 8 */
    float decay_s;       /* in which it falls by 60 dB */
    float damping;       /* 0 to 1: how much faster the high partials fall */
    float brightness_hz; /* above which the excitation falls by 12 dB per octave */
    float position;      /* 0 to 0.5: where it is plucked, as a share of its length */
    float noise;         /* 0 to 1: from an impulse to white noise */
    float attack_s;
    float release_s;
    float gain;          /* at 1 the root mean square of the first period is 1/4 */
    float pan;
    int32_t seed;
} edge_pluck_options;

/* A plucked string (Karplus and Strong 1983, tuned by an all-pass as of Jaffe and Smith 1983): a period is excited;
 * then y[n] = allpass(r (d/4 y[n - N + 1] + (1 - d/2) y[n - N] + d/4 y[n - N - 1])).
 * scratch: rate_hz / pitch_hz + 4 floats. */
int32_t edge_pluck(const edge_pluck_options *options, int64_t start, int64_t hold, int64_t frames,
                   float *restrict out, float *restrict scratch);

typedef struct {
    float rate_hz;
    float length_s;   /* the last quarter fades out */
    float attack_s;
    float tone;       /* amplitude of a sine */
    float tone_hz;    /* its frequency at the beginning */
    float tone_end_hz;
    float sweep_s;    /* decay from one to the other */
    float tone_decay_s;
    float noise;      /* amplitude of white noise, through a filter */
    float noise_hz;   /* of the filter */
    float noise_q;    /* 0.5 to 20 */
    float noise_high; /* 0 to 1: from band-pass (unity at its peak) to high-pass */
    float noise_decay_s;
    int32_t bursts;   /* of noise, 1 to 8; all but the last have a length of burst_s and a decay of a third of it */
    float burst_s;
    float gain;
    float pan;
    int32_t seed;
} edge_drum_options;

/* A drum: a falling sine and noise. */
int32_t edge_drum(const edge_drum_options *options, int64_t start, int64_t frames, float *restrict out);


/* ---- mixing: float[channels][frames] ----
 *
 * Streams may be cut into blocks of any length: what must be kept between them is in `state`, zeros at first. */

/* Biquads in series, y = b0 x + b1 x' + b2 x" - a1 y' - a2 y". coefficients: [sections][5], b0 b1 b2 a1 a2;
 * state: [channels][sections][2]. out may be samples. */
int32_t edge_biquads(const float *samples, int64_t channels, int64_t frames, const double *restrict coefficients,
                     int64_t sections, float *out, double *restrict state);

/* Mean squares of steps of `step` frames after the same filters: out[i][channel], of those that are complete,
 * whose number is returned: at most frames / step + 1. state: 1 + channels * (2 * sections + 1). */
int64_t edge_mean_squares(const float *restrict samples, int64_t channels, int64_t frames,
                          const double *restrict coefficients, int64_t sections, int64_t step,
                          double *restrict out, double *restrict state);

/* samples: [channels][frames + taps - 1], taps even, at least 16 frames. out[i]: the largest magnitude in any channel of
 * x[i + taps / 2 - 1] and of three points between it and the next, y = sum over k of filter[p][k] x[i + k]. */
int32_t edge_true_peaks(const float *restrict samples, int64_t channels, int64_t frames,
                        const float *restrict filter, int64_t taps, float *restrict out);

/* Gains that hold peaks below the ceiling, smoothly, looking ahead: gains[i] is for the frame of peaks[i - window + 1].
 * d[i] = max(0, 1 - ceiling / peaks[i]); h[i] = max(d[i - window + 1 .. i], h[i - 1] * release);
 * gains[i] = 1 - mean of h[i - window + 1 .. i]. state: 4 * window + 4. */
int32_t edge_limiter_gains(const float *restrict peaks, int64_t frames, float ceiling, float release, int64_t window,
                           float *restrict gains, float *restrict state);

typedef struct {
    float rate_hz;
    float decay_s;     /* in which it falls by 60 dB */
    float damping_hz;  /* above which it falls faster */
    float low_cut_hz;  /* below which nothing goes in */
    float predelay_s;  /* 0 to 0.5 */
    float size;        /* 0.25 to 2: of the room; at 1 the delays are 31 to 73 ms */
    float modulation;  /* 0 to 8: by how many samples at 48 kHz four of the delays vary */
} edge_reverb_options;

/* Floats of state that a reverberator of these options takes. */
int64_t edge_reverb_size(const edge_reverb_options *options);

/* Reverberation alone, of stereo, [2][frames]: pre-delay, four all-passes for each channel, then eight delays with
 * low-passes whose outputs a Hadamard matrix feeds back (Jot 1991). */
int32_t edge_reverb(const edge_reverb_options *options, const float *restrict samples, int64_t frames,
                    float *restrict out, float *restrict state);


/* ---- spectra: power or logarithm under mel filters, cepstra ----
 *
 * Frame f is x = samples[f * hop .. f * hop + window), then in this order
 *   x -= mean(x)                                if remove_mean
 *   x[n] -= preemphasis * x[max(n - 1, 0)]
 *   x *= the window function
 *   s[k] = |sum over n of x[n] exp(-2 pi i k n / n_fft)|^2, without the square if magnitude
 *   m[b] = sum over k of filter[b][k] * s[k]
 *   y[b] = (ln(max(m[b] + offset, floor)) - mean) / scale     if logarithm, else y = m
 *   c[j] = lift[j] * sum over b of dct[j][b] * y[b]           if coefficients > 0, else c = y
 * filter: triangles over n_mels + 2 points equally spaced from low_hz to high_hz on the mel scale, normalized as
 * `norm` says. dct: orthonormal DCT-II. lift[j] = 1 + lifter / 2 * sin(pi j / lifter), 1 if lifter is 0.
 * A frame that holds NaN or infinity gives NaN or infinity and leaves its neighbours alone. */

#define EDGE_HANN 0    /* 1/2 - 1/2 cos(2 pi n / window): periodic, as torch and librosa have it */
#define EDGE_HAMMING 1 /* 0.54 - 0.46 cos(2 pi n / (window - 1)) */
#define EDGE_POVEY 2   /* (1/2 - 1/2 cos(2 pi n / (window - 1)))^0.85, Kaldi's default */

#define EDGE_HTK 0    /* mel = 2595 log10(1 + f / 700) */
#define EDGE_SLANEY 1 /* linear below 1 kHz, logarithmic above: Auditory Toolbox, librosa's default */
#define EDGE_KALDI 2  /* as HTK, with triangles that are straight over mel instead of hertz */
#define EDGE_SPHINX 3 /* as HTK, with the ends of the triangles on the nearest bins */

#define EDGE_PEAK 0 /* triangles of height 1 */
#define EDGE_AREA 1 /* of area 1: 2 / (width in hertz), librosa's "slaney" */
#define EDGE_MEAN 2 /* weights of sum 1, a mean of the power; an empty filter takes its nearest bin */

typedef struct {
    float rate_hz;
    int32_t n_fft;  /* a power of two, 32 to 16384 */
    int32_t window; /* samples under the window function, 2 to n_fft */
    int32_t hop;    /* samples from frame to frame, 1 to 65536 */
    int32_t window_kind;
    int32_t remove_mean;
    float preemphasis;
    int32_t magnitude;
    int32_t n_mels; /* 1 to 512 */
    int32_t scale_kind;
    int32_t norm;
    float low_hz;
    float high_hz; /* at most rate_hz / 2 */
    int32_t logarithm;
    float offset;
    float floor;
    float mean;
    float scale;
    int32_t coefficients; /* 0, or cepstral coefficients, at most n_mels */
    float lifter;
} edge_mel_options;

/* Floats that the plan of these options takes. */
int64_t edge_mel_plan_size(const edge_mel_options *options);

/* Fill a plan: window, twiddle factors, filters. It serves any number of calls and threads. */
int32_t edge_mel_plan(const edge_mel_options *options, float *restrict plan);

/* Floats of scratch that one edge_mel at a time takes. */
int64_t edge_mel_scratch_size(const float *plan);

/* out[f][0 .. n_mels or coefficients) for the (count - window) / hop + 1 frames that the samples hold whole. */
int32_t edge_mel(const float *restrict plan, const float *restrict samples, int64_t count, float *restrict out,
                 float *restrict scratch);


/* ---- text: lists of short texts ----
 *
 * Texts lie one after another in `ids`; text t is ids[offsets[t] .. offsets[t + 1]), and offsets has texts + 1
 * entries that do not go back. Ids number the distinct code points from 0; `alphabet` is their count. */

/* Number the code points: ids[i] for codes[i], and *alphabet. `table` is 0x110000 int32 that are 0; after the
 * call it holds 1 + id. */
int32_t edge_encode_codepoints(const uint32_t *restrict codes, int64_t count, int32_t *restrict table,
                      int32_t *restrict ids, int64_t *restrict alphabet);

/* Bytes of scratch for edge_levenshtein_window and edge_levenshtein_all with these texts as patterns, about half
 * the length of the longest times the alphabet. */
int64_t edge_levenshtein_scratch_size(const int64_t *offsets, int64_t texts, int64_t alphabet);

/* Edit distances of text i, begin <= i < end, to the `window` texts after it:
 * out[(i - begin) * window + d] is the distance to text i + 1 + d, -1 where there is none. */
int32_t edge_levenshtein_window(const int32_t *restrict ids, const int64_t *restrict offsets, int64_t texts,
                                int64_t alphabet, int64_t begin, int64_t end, int64_t window,
                                int32_t *restrict out, uint64_t *restrict scratch);

/* Edit distances of text i, begin <= i < end, to all texts of another list with the same numbering:
 * out[(i - begin) * others + j]. other_ids and other_offsets may be ids and offsets. */
int32_t edge_levenshtein_all(const int32_t *ids, const int64_t *offsets, int64_t texts, int64_t alphabet,
                             int64_t begin, int64_t end, const int32_t *other_ids, const int64_t *other_offsets,
                             int64_t others, int32_t *restrict out, uint64_t *restrict scratch);

/* The distinct ids of each text and how often each occurs: those of text t are
 * distinct[offsets[t] .. offsets[t] + size[t]), counts likewise. scratch: alphabet int32. */
int32_t edge_text_counts(const int32_t *restrict ids, const int64_t *restrict offsets, int64_t texts,
                         int64_t alphabet, int32_t *restrict distinct, int32_t *restrict counts,
                         int32_t *restrict size, int32_t *restrict scratch);

/* Similarity of text i, begin <= i < end, to the `window` texts after it, from edge_text_counts; each 0 to 1, laid
 * out as in edge_levenshtein_window, -1 where there is none. With c(x) the count of character x:
 * overlap = sum of min(c1, c2) / longer length; presence = shared distinct characters / sqrt(distinct1 *
 * distinct2); frequency = sum of c1 c2 / sqrt(sum of c1^2 * sum of c2^2). Two empty texts are alike (1), an
 * empty and another are not (0). scratch: alphabet int32. */
int32_t edge_similarity_window(const int64_t *restrict offsets, const int32_t *restrict distinct,
                             const int32_t *restrict counts, const int32_t *restrict size, int64_t texts,
                             int64_t alphabet, int64_t begin, int64_t end, int64_t window,
                             float *restrict overlap, float *restrict presence, float *restrict frequency,
                             int32_t *restrict scratch);

/* The same for text i, begin <= i < end, and all texts, itself too: [(i - begin) * texts + j]. */
int32_t edge_similarity_all(const int64_t *restrict offsets, const int32_t *restrict distinct,
                          const int32_t *restrict counts, const int32_t *restrict size, int64_t texts,
                          int64_t alphabet, int64_t begin, int64_t end, float *restrict overlap,
                          float *restrict presence, float *restrict frequency, int32_t *restrict scratch);


/* ---- labels: scans over the labels and confidences of consecutive segments or frames ---- */

/* Maximal runs of at least min_run times `label`: run r is [runs[2 r], runs[2 r + 1]). Returns their number;
 * runs has room for count / min_run of them. */
int64_t edge_label_runs(const int32_t *restrict labels, int64_t count, int32_t label, int64_t min_run,
                        int64_t *restrict runs);

/* Join neighbouring runs, in place, if the segments between them weigh at most `limit` in all; a segment whose
 * weight is NaN parts them. Returns how many are left. */
int64_t edge_label_bridge(const float *restrict weights, int64_t count, float limit, int64_t *restrict runs,
                          int64_t run_count);

/* Walk from run r outwards over label `over`, at both ends; what was walked over belongs to the run if the walk
 * ends at label `until`, or at the edge of the recording and edge_counts is not 0. whole[2 r], whole[2 r + 1]. */
int32_t edge_label_extend(const int32_t *restrict labels, int64_t count, int32_t over, int32_t until,
                          int32_t edge_counts, const int64_t *restrict runs, int64_t run_count,
                          int64_t *restrict whole);

/* The joint, 0 to joints - 1, where the windows before and after it differ: with confidences [joints][labels] of
 * the window before (former) and after (latter), those where former's best label is in the bit set `outside` and
 * latter's in `inside`; of several the one with the largest sum of both best confidences. joints if none is. */
int64_t edge_label_joint(const float *restrict former, const float *restrict latter, int64_t joints,
                         int64_t labels, int32_t outside, int32_t inside);

/* The most likely cut, 0 to count, into an outside before it and an inside from it on: the first maximum of
 * sum over i < cut of ln(1 - p[i]) + sum over i >= cut of ln(p[i]), with p held to 1e-4 .. 1 - 1e-4. */
int64_t edge_change_point(const float *inside, int64_t count);

/* The most likely path through `states` states over `frames` frames (Viterbi), in the domain of logarithms:
 * the path p that maximises initial[p[0]] + sum of scores[f][p[f]] + sum of transitions[p[f - 1]][p[f]]; of equal
 * ones the lowest state. -infinity forbids. path int32[frames]; scratch: (frames + 2) * states int32. */
int32_t edge_viterbi(const float *restrict scores, int64_t frames, int64_t states,
                     const float *restrict transitions, const float *restrict initial, int32_t *restrict path,
                     int32_t *restrict scratch);


/* ---- images: uint8 red, green and blue, interleaved, [height][width][3] ---- */

/* Crops of an image, resized by the mean of the areas: out[crop][channel][y][x], 0 to 255. Crop b is boxes[4 b]: left,
 * top, right, bottom, the last two exclusive, inside the image and not empty. Pixel i of n covers the pixels from
 * floor(i size / n) to ceil((i + 1) size / n) of the crop: adaptive average pooling. At most 65536 x 65536 pixels.
 * scratch: 3 width int32. */
int32_t edge_area_crops(const uint8_t *restrict rgb, int64_t height, int64_t width, const int64_t *restrict boxes,
                        int64_t count, int64_t out_height, int64_t out_width, float *restrict out,
                        int32_t *restrict scratch);

/* out[m][channel][y][x], 0 to 255: the image at (a u + b v + c, d u + e v + f), u = x + 1/2, v = y + 1/2, matrices
 * [m][6] a to f; pixel centres are at 1/2, between them bilinear, outside the image its nearest pixel; where a coordinate is NaN, that of 0. */
int32_t edge_warp(const uint8_t *restrict rgb, int64_t height, int64_t width, const float *restrict matrices,
                  int64_t count, int64_t out_height, int64_t out_width, float *restrict out);

/* Greedy non-maximum suppression of boxes [count][4] (left, top, right, bottom), best first: a box is dropped if a
 * better one that is kept overlaps it by more than `limit` of their union or, if `smaller`, of the smaller one, sides
 * then counted in pixels (one more). The kept ones' indices, in order; returns their number. */
int64_t edge_suppress(const float *restrict boxes, int64_t count, float limit, int32_t smaller,
                      int64_t *restrict kept);

/* Connected regions of a map [height][width]: pixels above `least` that touch, also at corners, are one. For region r
 * boxes[4 r] are left, top, right, bottom, the last two exclusive, and means[r] is the mean of its pixels; regions are
 * in the order of their first pixels, row by row. Returns how many there are. At most 32768 x 32768 pixels. boxes and
 * means: room for ceil(height / 2) * ceil(width / 2) regions; scratch: height * width int32, and after them an int32
 * for each region. */
int64_t edge_regions(const float *restrict map, int64_t height, int64_t width, float least, int32_t *restrict boxes,
                     float *restrict means, int32_t *restrict scratch);

/* ---- motion: between two gray frames, uint8 [height][width], both sides 16 to 16384 ---- */

/* For each block of 8 x 8 pixels of `after` that lies whole in it, [height / 8][width / 8], row by row: what is at p
 * was at p - v before. vectors[2 b]: v in pixels to the right and down. A full search up to `reach` (1 to 64) pixels
 * in frames half as large, with blocks twice as large, gives candidates; then the sum of absolute differences falls to
 * a minimum within 4 pixels, of which 32 are charged to every v but 0; then one step of Lucas and Kanade (1981) of at
 * most 1 pixel each way. residuals: standard deviation of what v leaves (to first order below the pixel), without the
 * change of brightness of the whole block, in gray levels; deviations: that of the block; textures: square root of the
 * smaller eigenvalue of the mean of the gradients' products, in gray levels per pixel: small where v is a guess.
 * scratch: height * width bytes. */
int32_t edge_block_motion(const uint8_t *restrict before, const uint8_t *restrict after, int64_t height,
                          int64_t width, int64_t reach, float *restrict vectors, float *restrict residuals,
                          float *restrict deviations, float *restrict textures, uint8_t *restrict scratch);


/* ---- vectors: rows of int8 codes, each with a scale; value = code * scale ---- */

/* The `k` rows, at most `rows`, with the largest dot product with the query, best first, of equal ones the lower index:
 * best[i] and similarity[i]. A row whose similarity is NaN is left out. Returns how many there are. The query is
 * rounded to multiples of q = max |query| / L, L = min(32767, (2^31 - 1) / (128 size)): the sum of its codes times
 * those of a row is exact in 32 bits; similarity = sum * (scale * q). EDGE_DATA if the query is not finite.
 * 1 <= size <= 65536. scratch: size int16. */
int64_t edge_nearest(const float *restrict query, int64_t size, const int8_t *restrict codes,
                     const float *restrict scales, int64_t rows, int64_t k, int64_t *restrict best,
                     float *restrict similarity, int16_t *restrict scratch);


/* ---- decoders: weights of uint8 codes that share a scale and a zero, value = (code - zero) * scale ---- */

/* out[row][n] = the sum over k of x[row][k] times the value of codes[k][n], k < size, n < width.
 * Sums are of float32; size and width 1 to 2^24. */
int32_t edge_project(const float *restrict x, int64_t rows, int64_t size, const uint8_t *restrict codes,
                     int64_t width, float scale, int32_t zero, float *restrict out);

/* out[row] = the sum over k of x[k] times the value of codes[row][k], k < size. size 1 to 2^24. */
int32_t edge_scores(const float *restrict x, int64_t size, const uint8_t *restrict codes, int64_t rows, float scale,
                    int32_t zero, float *restrict out);

/* One step of a Transformer decoder with normalization before each part, after which the part is added to x, and once
 * more at the end; w = heads size values. x: the embedding of the token, then what it became.
 * codes, layer by layer: self attention [4][w][w] (query, key, value, output), cross attention [2][w][w] (query, output),
 * [w][2 inner], [inner][w]; each of the eight has its scale and zero. floats, layer by layer: gains of three norms
 * [3][w], biases [2 inner] and [w]; at the end the gains of the last norm [w].
 * A part: attention with softmax of dot products / sqrt(size), or a gated layer, out = (first half * second half *
 * logistic(second half)). In each head of query and key pairs of the first `rotated` values are turned by the step's
 * angles, turns [rotated / 2][2], cosine and sine. keys and values [layers][room][w]: those of the steps before; those
 * of this step, 0 <= step < room, are written. cross_keys and cross_values [layers][rows][w], rows of what is decoded.
 * scratch: 3 w + 2 inner + max(room, rows) + 32 float. */
int32_t edge_decoder_step(float *restrict x, int64_t layers, int64_t heads, int64_t size, int64_t inner,
                          const uint8_t *restrict codes, const float *restrict scales, const int32_t *restrict zeros,
                          const float *restrict floats, const float *restrict turns, int64_t rotated, int64_t step,
                          int64_t room, float *restrict keys, float *restrict values, int64_t rows,
                          const float *restrict cross_keys, const float *restrict cross_values,
                          float *restrict scratch);


/* ---- speech: features and alignment with hidden Markov models ---- */

/* Reduce steady noise in bands[frames][count], powers, in place; Sphinx's `remove_noise`. For each band, frame by
 * frame: P += 0.3 (band - P); noise N follows P, by 0.005 of the difference up and by 0.5 down; S = max(P - N, 1);
 * floor F follows S in the same way; peak K = 0.85 K; where S < 0.85 K, S' = 0.2 K, else S' = S; K = max(K, S);
 * S' = max(S', F); gain = S' / P, 1/20 to 20. At first P = band, N = F = band / 20, K = 0. Each band is multiplied by
 * the mean of the gains of the bands at most 4 away. scratch: 5 count float. */
int32_t edge_denoise(float *restrict bands, int64_t frames, int64_t count, float *restrict scratch);

/* The most likely path through a graph of nodes, each of which lasts 3 frames or more: a hidden Markov model of 3 states
 * without skips. A state's log-probability in a frame is that of its senone: the sum over the streams of
 * ln(sum over k of weights[senone][stream][k] max(exp(density - best), exp(floor))), where density(x) = the sum over d of
 * x (a[d][k] x + b[d][k]) + c[k], x = features[frame][stream][d], d < size, and best is the largest of the stream among the
 * codebooks of the nodes that are reached. gaussians, codebook by codebook, stream by stream: [size][2][densities],
 * a and b, then c [densities]; densities is a multiple of 16. books[node] is the codebook of a node, states[node][3]
 * its senones, of that codebook, moves[node][3][2] the log-probabilities of staying in a state and of leaving it. Node n may be followed by
 * nexts[i] at costs[i] (log-probabilities), firsts[n] <= i < firsts[n + 1]. begins and ends: those of a node at the begin
 * and the end. States that are `beam` less likely than the best of a frame are dropped.
 * path[frame]: the node, or -1 in all if the end cannot be reached. score: log-probability of the path.
 * trace: frames * nodes int32; numbers: codebooks + nodes + senones int32; scratch: 4 nodes + senones + streams (1 +
 * codebooks densities) float. */
int32_t edge_phone_path(const float *restrict features, int64_t frames, int64_t streams, int64_t size,
                        const float *restrict gaussians, int64_t codebooks, int64_t densities, float floor,
                        const float *restrict weights, int64_t senones, const int32_t *restrict books,
                        const int32_t *restrict states, const float *restrict moves, int64_t nodes,
                        const int32_t *restrict firsts, const int32_t *restrict nexts, const float *restrict costs,
                        const float *restrict begins, const float *restrict ends, float beam, int32_t *restrict path,
                        double *restrict score, int32_t *restrict trace, int32_t *restrict numbers,
                        float *restrict scratch);

#if defined(__cplusplus)
}
#endif
#endif
