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

/* out[j] += scale * scales[j] * sum over i of (x[i] - zero) * weights[i][j] */
static void multiply(const model *m, const matrix *w, const uint8_t *x, range r, int64_t in, int64_t out, float *to) {
    const int8_t *weights = part(m, w->offset_weights);
    const float *scales = part(m, w->offset_scales);
    int32_t sums[GATES] = {0}, zero = (int32_t)r.zero;
    for (int64_t i = 0; i < in; i++) {
        int32_t value = x[i] - zero;
        for (int64_t j = 0; j < out; j++) sums[j] += value * weights[i * out + j];
    }
    for (int64_t j = 0; j < out; j++) to[j] += (float)sums[j] * (r.scale * scales[j]);
}

static float sigmoid(float x) { return 1.0f / (1.0f + exp_f(-x)); }

static float tanh_f(float x) {
    float e = exp_f(-2.0f * (x < 0.0f ? -x : x)), t = (1.0f - e) / (1.0f + e);
    return x < 0.0f ? -t : t;
}

void open_fusion(fusion *f, const model *m, int64_t sequences, arena *a) {
    int64_t rows = most_i(STEPS, 2 * sequences);
    f->of = m;
    f->sequences = sequences;
    f->quantized = take(a, rows * TOWERS * m->features);
    f->hidden = take(a, sequences * HIDDEN * 4);
    f->cell = take(a, sequences * HIDDEN * 4);
    f->outputs = take(a, rows * 2 * HIDDEN * 4);
    f->alone = take(a, rows * LABELS * 4);
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
        for (int64_t s = 0; s < sequences; s++) {
            float gates[GATES] = {0}, *hidden = f->hidden + s * HIDDEN, *cell = f->cell + s * HIDDEN;
            uint8_t before[HIDDEN];
            for (int k = 0; k < HIDDEN; k++) before[k] = quantized(hidden[k], state);
            multiply(m, &m->gates[direction], f->quantized + (s * steps + step) * width, input, width, GATES, gates);
            multiply(m, &m->recurrent[direction], before, state, HIDDEN, GATES, gates);
            for (int k = 0; k < GATES; k++) gates[k] += bias[k];
            for (int k = 0; k < HIDDEN; k++) {
                float in = sigmoid(gates[k]), out = sigmoid(gates[HIDDEN + k]), forget = sigmoid(gates[2 * HIDDEN + k]);
                cell[k] = forget * cell[k] + in * tanh_f(gates[3 * HIDDEN + k]);
                hidden[k] = out * tanh_f(cell[k]);
                f->outputs[(s * steps + step) * 2 * HIDDEN + direction * HIDDEN + k] = hidden[k];
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
    for (int64_t row = 0; row < rows; row++) {
        uint8_t *x = f->quantized + row * width;
        float *alone = f->alone + row * LABELS;
        for (int64_t i = 0; i < width; i++) x[i] = quantized(from_half(windows[row][i]), input);
        for (int k = 0; k < LABELS; k++) alone[k] = 0.0f;
        multiply(m, &m->alone, x, input, width, LABELS, alone);
    }
    for (int direction = 0; direction < 2; direction++) run_direction(f, direction, input, sequences, steps);
    range state = range_of_all(f->outputs, rows * 2 * HIDDEN);
    for (int64_t row = 0; row < rows; row++) {
        uint8_t x[2 * HIDDEN];
        float scores[LABELS], context[LABELS] = {0}, unused[LABELS], log_sum;
        for (int k = 0; k < 2 * HIDDEN; k++) x[k] = quantized(f->outputs[row * 2 * HIDDEN + k], state);
        multiply(m, &m->context, x, state, 2 * HIDDEN, LABELS, context);
        for (int k = 0; k < LABELS; k++) scores[k] = (bias[k] + f->alone[row * LABELS + k]) + (context_bias[k] + context[k]);
        softmax(scores, unused, &log_sum);
        const uint16_t *frames = windows[row] + width;
        for (int k = 0; k < LABELS; k++)
            scores[k] = (scores[k] - log_sum + from_half(frames[k])) / 2.0f / m->fusion_temperature;
        softmax(scores, out + row * LABELS, &log_sum);
    }
}

void fuse(fusion *f, const uint16_t *windows, int64_t distance, int64_t count, float *out) {
    float confidences[STEPS * LABELS];
    const uint16_t *rows[STEPS];
    int64_t step = STEPS - 2 * STEP_CONTEXT;
    for (int64_t start = 0; start < count; start += step) {
        int64_t first = most_i(0, start - STEP_CONTEXT), stop = least_i(count, start + step);
        int64_t here = least_i(count, stop + STEP_CONTEXT) - first;
        for (int64_t i = 0; i < here; i++) rows[i] = windows + (first + i) * distance;
        fuse_sequences(f, rows, 1, here, confidences);
        __builtin_memcpy(out + start * LABELS, confidences + (start - first) * LABELS, (size_t)(stop - start) * LABELS * sizeof(float));
    }
}
