/* The segmenter's encoder: two towers of quantized convolutions over mel frames, computed as the frames arrive.
 *
 * Each layer reads from a queue of rows, which keeps what its taps reach back to, and writes to the next one: no row
 * is computed twice, and the result is that of one run over the whole recording. A row of an image is [bands][channels]
 * with padding at both ends, so that the bytes under a kernel lie one after another. */

#include "core.h"

static int64_t lanes(const layer *l) { return (l->channels_out + LANES - 1) / LANES * LANES; }
static int64_t reach(const layer *l) { return (int64_t)(l->taps - 1) * l->dilation; } /* rows beside the first tap's */
static int64_t bands_out(const layer *l) { return l->bands / l->band_step; }

/* ---- queues ---- */

static void put_padding(queue *q) {
    for (int64_t i = 0; i < reach(q->of) / 2; i++, q->count++)
        __builtin_memset(q->rows + q->count * q->pitch, q->of->zero_in, (size_t)q->pitch);
}

static void open_queue(queue *q, const layer *l, int64_t rows, arena *a) {
    q->of = l;
    q->pad = (int64_t)(l->band_taps / 2) * l->channels_in;
    q->pitch = ((int64_t)l->bands * l->channels_in + 2 * q->pad + 15) / 16 * 16;
    q->room = rows + 2 * reach(l) + l->step;
    q->rows = take(a, q->room * q->pitch + 64); /* groups of four may reach over the end */
    q->count = 0;
    if (!a->base) return;
    __builtin_memset(q->rows, l->zero_in, (size_t)(q->room * q->pitch + 64));
    put_padding(q);
}

/* Where the next row goes; its padding is there. */
static uint8_t *next_row(queue *q) { return q->rows + q->count++ * q->pitch + q->pad; }

static int64_t outputs(const queue *q) {
    int64_t span = reach(q->of) + 1;
    return q->count < span ? 0 : (q->count - span) / q->of->step + 1;
}

static void drop(queue *q, int64_t rows) {
    q->count -= rows;
    __builtin_memmove(q->rows, q->rows + rows * q->pitch, (size_t)(q->count * q->pitch));
}

/* ---- layers ---- */

/* Bytes of sums: round(sum * scale), held to what a byte can be, plus the byte that means 0. */
static void requantize(const int32_t *sums, const int32_t *bias, const float *scales, const float *zeros, uint8_t *out) {
    for (int n = 0; n < LANES; n++) {
        float value = (float)(sums[n] + bias[n]) * scales[n], low = -zeros[n], high = 255.0f - zeros[n];
        out[n] = (uint8_t)(int32_t)(round_even_f(held(value, low, high)) + zeros[n]);
    }
}

/* Rows `in` apart by `pitch` to rows `out` apart by `out_pitch`, four positions at a time. */
static void dense(const encoder *e, const layer *l, const uint8_t *in, int64_t pitch, int64_t count, uint8_t *out, int64_t out_pitch) {
    const model *m = e->of;
    const int8_t *weights = part(m, l->offset_weights);
    const int32_t *bias = (const int32_t *)part(m, l->offset_bias) + e->dots.bias * lanes(l);
    const float *scales = part(m, l->offset_scales), *zeros = part(m, l->offset_zeros);
    int64_t bands = bands_out(l), positions = count * bands, blocks = lanes(l) / LANES;
    int64_t weights_of_block = (int64_t)l->taps * l->quads * 4 * LANES;
    for (int64_t first = 0; first < positions; first += 4) {
        const uint8_t *rows[4];
        uint8_t *to[4];
        int64_t here = least_i(4, positions - first);
        for (int64_t r = 0; r < 4; r++) {
            int64_t position = first + least_i(r, here - 1), row = position / bands, band = position % bands;
            rows[r] = in + row * l->step * pitch + band * l->band_step * l->channels_in;
            to[r] = out + row * out_pitch + band * l->channels_out;
        }
        for (int64_t block = 0; block < blocks; block += 2) {
            int32_t sums[2 * 4 * LANES];
            int64_t together = least_i(2, blocks - block);
            e->dots.tile(rows, pitch, l->taps, l->quads, weights + block * weights_of_block, together, sums);
            for (int64_t b = 0; b < together; b++)
                for (int64_t r = 0; r < here; r++) {
                    int64_t channel = (block + b) * LANES;
                    uint8_t bytes[LANES];
                    requantize(sums + (b * 4 + r) * LANES, bias + channel, scales + channel, zeros + channel, bytes);
                    __builtin_memcpy(to[r] + channel, bytes, (size_t)least_i(LANES, l->channels_out - channel));
                }
        }
    }
}

static void depthwise(const model *m, const layer *l, const uint8_t *in, int64_t pitch, int64_t count, uint8_t *out, int64_t out_pitch) {
    const int8_t *weights = part(m, l->offset_weights);
    const int32_t *bias = part(m, l->offset_bias);
    const float *scales = part(m, l->offset_scales), *zeros = part(m, l->offset_zeros);
    for (int64_t row = 0; row < count; row++)
        for (int64_t channel = 0; channel < lanes(l); channel += LANES) { /* rows are as long as all lanes */
            int32_t sums[LANES] = {0};
            for (int64_t tap = 0; tap < l->taps; tap++) {
                const uint8_t *x = in + (row + tap * l->dilation) * pitch + channel;
                const int8_t *w = weights + tap * lanes(l) + channel;
                for (int n = 0; n < LANES; n++) sums[n] += x[n] * w[n];
            }
            requantize(sums, bias + channel, scales + channel, zeros + channel, out + row * out_pitch + channel);
        }
}

static void add(const sum *s, const uint8_t *a, const uint8_t *b, int64_t count, uint8_t *out) {
    for (int64_t i = 0; i < count; i++) {
        float value = __builtin_fmaf((float)a[i], s->of_a, __builtin_fmaf((float)b[i], s->of_b, s->rest));
        out[i] = (uint8_t)(int32_t)round_even_f(held(value, 0.0f, 255.0f));
    }
}

/* ---- towers ---- */

static int64_t rows_at_most(const queue *q) { return (q->room - reach(q->of) - 1) / q->of->step + 1; }

static void open_tower(tower_state *s, const tower *t, arena *a) {
    int64_t rows = BLOCK_FRAMES;
    s->of = t;
    for (int i = 0; i < IMAGE_LAYERS; i++) {
        open_queue(&s->image[i], &t->image[i], rows, a);
        rows = rows_at_most(&s->image[i]);
    }
    for (int i = 0; i < TIME_BLOCKS; i++) {
        open_queue(&s->time[i], &t->depthwise[i], rows, a);
        rows = rows_at_most(&s->time[i]);
    }
    open_queue(&s->heads, &t->heads, rows, a);
    rows = rows_at_most(&s->heads);
    s->body = take(a, rows * MOST_CHANNELS);
    s->branch = take(a, rows * MOST_CHANNELS);
    s->out = take(a, rows * MOST_CHANNELS);
    s->ready = 0;
}

void open_encoder(encoder *e, const model *m, arena *a) {
    e->of = m;
    e->dots = best_arithmetic();
    for (int i = 0; i < TOWERS; i++) open_tower(&e->towers[i], &m->towers[i], a);
}

/* One layer of the image: from its queue to the next one. */
static void run_image(const encoder *e, queue *from, queue *to) {
    int64_t rows = outputs(from);
    if (rows == 0) return;
    uint8_t *out = next_row(to);
    to->count += rows - 1;
    dense(e, from->of, from->rows, from->pitch, rows, out, to->pitch);
    drop(from, rows * from->of->step);
}

static void run_time(const encoder *e, tower_state *s, int i, queue *to) {
    const tower *t = s->of;
    queue *from = &s->time[i];
    int64_t rows = outputs(from), middle = reach(from->of) / 2, channels = from->of->channels_out;
    depthwise(e->of, from->of, from->rows, from->pitch, rows, s->body, MOST_CHANNELS);
    dense(e, &t->pointwise[i], s->body, MOST_CHANNELS, rows, s->branch, MOST_CHANNELS);
    for (int64_t row = 0; row < rows; row++)
        add(&t->sums[i], from->rows + (row + middle) * from->pitch, s->branch + row * MOST_CHANNELS, channels, next_row(to));
    drop(from, rows);
}

static void run_tower(const encoder *e, tower_state *s, int end) {
    for (int i = 0; i < IMAGE_LAYERS; i++) {
        if (end) put_padding(&s->image[i]);
        run_image(e, &s->image[i], i + 1 < IMAGE_LAYERS ? &s->image[i + 1] : &s->time[0]);
    }
    for (int i = 0; i < TIME_BLOCKS; i++) {
        if (end) put_padding(&s->time[i]);
        run_time(e, s, i, i + 1 < TIME_BLOCKS ? &s->time[i + 1] : &s->heads);
    }
    s->ready = outputs(&s->heads);
    dense(e, &s->of->heads, s->heads.rows, s->heads.pitch, s->ready, s->out, MOST_CHANNELS);
    drop(&s->heads, s->ready);
}

int64_t encode(encoder *e, const float *mel, int64_t frames, int end) {
    range input = {e->of->input_scale, e->of->input_zero};
    int64_t bands = e->of->mel.n_mels;
    for (int64_t frame = 0; frame < frames; frame++) {
        uint8_t *row = next_row(&e->towers[0].image[0]);
        for (int64_t b = 0; b < bands; b++) {
            row[b] = quantized(mel[frame * bands + b], input);
        }
        for (int i = 1; i < TOWERS; i++) __builtin_memcpy(next_row(&e->towers[i].image[0]), row, (size_t)bands);
    }
    for (int i = 0; i < TOWERS; i++) run_tower(e, &e->towers[i], end);
    return e->towers[0].ready;
}
