/* The segmenter's fusion: an LSTM in both directions over the windows of consecutive segments, quantized as it runs.
 *
 *     alone = W x + b         x: the embeddings of a window
 *     context = V [forward, backward] + c
 *     confidences = softmax((log softmax(alone + context) + ln of the mean confidences of the frames) / 2 / temperature)
 *
 * Inputs are quantized with the range of all the values of a call, the hidden state with that of all sequences. */

#include "core.h"

static range range_of(float low, float high) { /* a range always holds 0 */
    float scale = (high - low) / 255.0f;
    if (!(scale > 0.0f)) return (range){1.0f, 0.0f};
    float zero = round_even_f(0.0f - low / scale);
    return (range){scale, held(zero, 0.0f, 255.0f)};
}

static range range_of_all(const float *x, int64_t count) {
    float low = 0.0f, high = 0.0f;
    for (int64_t i = 0; i < count; i++) {
        low = x[i] < low ? x[i] : low;
        high = x[i] > high ? x[i] : high;
    }
    return range_of(low, high);
}

/* to[r][j] += scale * scales[j] * sum over i of (rows[r][i] - zero) * weights[i][j], for four rows */
static void multiply(const fusion *f, const matrix *w, const uint8_t *const *rows, range r, int64_t in, int64_t out, float (*to)[GATES]) {
    const int8_t *weights = part(f->of, w->offset_weights);
    const int32_t *of_weights = part(f->of, w->offset_sums);
    const float *scales = part(f->of, w->offset_scales);
    int32_t zero = (int32_t)r.zero - (f->dots.bias ? 128 : 0), sums[2 * 4 * LANES];
    for (int64_t first = 0; first < out; first += 2 * LANES) {
        int64_t blocks = out - first > LANES ? 2 : 1;
        f->dots.tile(rows, 0, 1, in / 4, weights + first * in, blocks, sums);
        for (int64_t i = 0; i < blocks * 4 * LANES; i++) {
            int64_t row = i / LANES % 4, j = first + i / (4 * LANES) * LANES + i % LANES;
            if (j < out) to[row][j] += (float)(sums[i] - zero * of_weights[j]) * (r.scale * scales[j]);
        }
    }
}

static float sigmoid(float x) { return 1.0f / (1.0f + exp_f(-x)); }

static float tanh_f(float x) {
    float e = exp_f(-2.0f * (x < 0.0f ? -x : x)), t = (1.0f - e) / (1.0f + e);
    return x < 0.0f ? -t : t;
}

void open_fusion(fusion *f, const model *m, int64_t sequences, arena *a) {
    int64_t rows = most_i(STEPS, 2 * sequences);
    f->of = m;
    f->dots = best_arithmetic();
    f->quantized = take(a, rows * TOWERS * m->features);
    f->hidden = take(a, sequences * HIDDEN * 4);
    f->cell = take(a, sequences * HIDDEN * 4);
    f->outputs = take(a, rows * 2 * HIDDEN * 4);
}

/* Rows are [sequence][step]; hidden states are of all sequences at one step. */
static void run_direction(fusion *f, int direction, range input, int64_t sequences, int64_t steps) {
    const model *m = f->of;
    const float *bias = part(m, m->gates[direction].offset_bias);
    int64_t width = (int64_t)TOWERS * m->features;
    for (int64_t i = 0; i < sequences * HIDDEN; i++) f->hidden[i] = f->cell[i] = 0.0f;
    for (int64_t i = 0; i < steps; i++) {
        int64_t step = direction ? steps - 1 - i : i;
        range state = range_of_all(f->hidden, sequences * HIDDEN);
        for (int64_t first = 0; first < sequences; first += 4) { /* as many at a time as dot products take */
            float gates[4][GATES] = {0};
            uint8_t before[4][HIDDEN];
            const uint8_t *now[4], *last[4];
            for (int64_t r = 0; r < 4; r++) {
                int64_t s = least_i(first + r, sequences - 1);
                for (int k = 0; k < HIDDEN; k++) before[r][k] = quantized(f->hidden[s * HIDDEN + k], state);
                now[r] = f->quantized + (s * steps + step) * width, last[r] = before[r];
            }
            multiply(f, &m->gates[direction], now, input, width, GATES, gates);
            multiply(f, &m->recurrent[direction], last, state, HIDDEN, GATES, gates);
            for (int64_t s = first; s < least_i(first + 4, sequences); s++) {
                float *gate = gates[s - first], *hidden = f->hidden + s * HIDDEN, *cell = f->cell + s * HIDDEN;
                for (int k = 0; k < GATES; k++) gate[k] += bias[k];
                for (int k = 0; k < HIDDEN; k++) {
                    float in = sigmoid(gate[k]), out = sigmoid(gate[HIDDEN + k]), forget = sigmoid(gate[2 * HIDDEN + k]);
                    cell[k] = forget * cell[k] + in * tanh_f(gate[3 * HIDDEN + k]);
                    hidden[k] = out * tanh_f(cell[k]);
                    f->outputs[(s * steps + step) * 2 * HIDDEN + direction * HIDDEN + k] = hidden[k];
                }
            }
        }
    }
}

void softmax(const float *x, float *out, float *log_sum) {
    float largest = x[0], total = 0.0f;
    for (int k = 1; k < LABELS; k++) largest = x[k] > largest ? x[k] : largest;
    for (int k = 0; k < LABELS; k++) total += out[k] = exp_f(x[k] - largest);
    for (int k = 0; k < LABELS; k++) out[k] /= total;
    *log_sum = largest + log_f(total);
}

void fuse_sequences(fusion *f, const uint16_t *const *windows, int64_t sequences, int64_t steps, float *out) {
    const model *m = f->of;
    int64_t width = (int64_t)TOWERS * m->features, rows = sequences * steps;
    float low = 0.0f, high = 0.0f;
    for (int64_t row = 0; row < rows; row++)
        for (int64_t i = 0; i < width; i++) {
            float x = from_half(windows[row][i]);
            low = x < low ? x : low;
            high = x > high ? x : high;
        }
    range input = range_of(low, high);
    const float *bias = part(m, m->alone.offset_bias), *context_bias = part(m, m->context.offset_bias);
    for (int64_t row = 0; row < rows; row++)
        for (int64_t i = 0; i < width; i++) f->quantized[row * width + i] = quantized(from_half(windows[row][i]), input);
    for (int direction = 0; direction < 2; direction++) run_direction(f, direction, input, sequences, steps);
    range state = range_of_all(f->outputs, rows * 2 * HIDDEN);
    for (int64_t row = 0; row < rows; row++) {
        uint8_t states[2 * HIDDEN];
        for (int k = 0; k < 2 * HIDDEN; k++) states[k] = quantized(f->outputs[row * 2 * HIDDEN + k], state);
        const uint8_t *x = f->quantized + row * width, *alone_rows[4] = {x, x, x, x}, *context_rows[4] = {states, states, states, states};
        float alone[4][GATES] = {0}, context[4][GATES] = {0}, scores[LABELS], unused[LABELS], log_sum;
        multiply(f, &m->alone, alone_rows, input, width, LABELS, alone);
        multiply(f, &m->context, context_rows, state, 2 * HIDDEN, LABELS, context);
        for (int k = 0; k < LABELS; k++) scores[k] = (bias[k] + alone[0][k]) + (context_bias[k] + context[0][k]);
        softmax(scores, unused, &log_sum);
        const uint16_t *frames = windows[row] + width;
        for (int k = 0; k < LABELS; k++)
            scores[k] = (scores[k] - log_sum + from_half(frames[k])) / 2.0f / m->fusion_temperature;
        softmax(scores, out + row * LABELS, &log_sum);
    }
}

void fuse(fusion *f, const uint16_t *windows, int64_t distance, int64_t count, int64_t known, float *out) {
    float confidences[STEPS * LABELS];
    const uint16_t *rows[STEPS];
    int64_t step = STEPS - 2 * STEP_CONTEXT, done = most_i(0, known - STEP_CONTEXT) / step * step;
    for (int64_t start = done; start < count; start += step) {
        int64_t first = most_i(0, start - STEP_CONTEXT), stop = least_i(count, start + step);
        int64_t here = least_i(count, stop + STEP_CONTEXT) - first;
        for (int64_t i = 0; i < here; i++) rows[i] = windows + (first + i) * distance;
        fuse_sequences(f, rows, 1, here, confidences);
        __builtin_memcpy(out + start * LABELS, confidences + (start - first) * LABELS, (size_t)(stop - start) * LABELS * sizeof(float));
    }
}
