/* Model files: a header of 64 bytes (magic, length, SHA-256 of what follows), then the struct `model`, then what
 * its offsets point to. Written by tools/bundle; little-endian, as every processor that this runs on. */

#include "core.h"

static const char MAGIC[8] = {'E', 'D', 'G', 'E', 'S', 'N', 'G', '1'};

#define HEADER 64

/* SHA-256, FIPS 180-4. */

static const uint32_t ROUNDS[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static const uint32_t START[8] = {
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

static uint32_t turned(uint32_t x, int by) { return x >> by | x << (32 - by); }

static void sha_block(uint32_t *state, const uint8_t *block) {
    uint32_t w[64], s[8];
    for (int i = 0; i < 16; i++)
        w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 | (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
    for (int i = 16; i < 64; i++)
        w[i] = w[i - 16] + (turned(w[i - 15], 7) ^ turned(w[i - 15], 18) ^ w[i - 15] >> 3) + w[i - 7] +
               (turned(w[i - 2], 17) ^ turned(w[i - 2], 19) ^ w[i - 2] >> 10);
    for (int i = 0; i < 8; i++) s[i] = state[i];
    for (int i = 0; i < 64; i++) {
        uint32_t first = s[7] + (turned(s[4], 6) ^ turned(s[4], 11) ^ turned(s[4], 25)) + ((s[4] & s[5]) ^ (~s[4] & s[6])) + ROUNDS[i] + w[i];
        uint32_t second = (turned(s[0], 2) ^ turned(s[0], 13) ^ turned(s[0], 22)) + ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
        for (int j = 7; j > 0; j--) s[j] = s[j - 1];
        s[4] += first;
        s[0] = first + second;
    }
    for (int i = 0; i < 8; i++) state[i] += s[i];
}

static int digest_is(const uint8_t *bytes, int64_t size, const uint8_t *expected) {
    uint32_t state[8];
    for (int i = 0; i < 8; i++) state[i] = START[i];
    int64_t whole = size / 64 * 64, rest = size - whole;
    for (int64_t i = 0; i < whole; i += 64) sha_block(state, bytes + i);
    uint8_t tail[128] = {0};
    for (int64_t i = 0; i < rest; i++) tail[i] = bytes[whole + i];
    tail[rest] = 0x80;
    int64_t end = rest < 56 ? 64 : 128;
    for (int i = 0; i < 8; i++) tail[end - 1 - i] = (uint8_t)((uint64_t)size * 8 >> 8 * i);
    for (int64_t i = 0; i < end; i += 64) sha_block(state, tail + i);
    int differs = 0;
    for (int i = 0; i < 32; i++) differs |= expected[i] ^ (uint8_t)(state[i / 4] >> (24 - i % 4 * 8));
    return !differs;
}

/* ---- what a model must be for the code to stay inside its memory ---- */

static int inside(int64_t size, int32_t offset, int64_t bytes) {
    return offset >= (int32_t)sizeof(model) && offset % 16 == 0 && bytes >= 0 && offset <= size - bytes;
}

static int finite(const void *fields, int64_t floats) {
    const float *x = fields;
    for (int64_t i = 0; i < floats; i++)
        if (!(x[i] > -1e9f && x[i] < 1e9f)) return 0;
    return 1;
}

static int is_scale(float x) { return x > 1e-9f && x < 1e9f; }

static int is_byte(float x) { return x >= 0.0f && x <= 255.0f; }

static int is_output(const output *o) {
    return is_scale(o->scale) && is_byte(o->zero) && is_scale(o->shared_scale) && is_byte(o->shared_zero);
}

static int is_layer(const model *m, const layer *l, int64_t size, int32_t taps, int32_t bands, int32_t channels_in) {
    if (l->taps < 1 || l->taps > taps || l->step < 1 || l->step > 2 || l->dilation < 1 || l->dilation > 8) return 0;
    if (l->bands != bands || l->channels_in != channels_in || l->channels_out < 1 || l->channels_out > 512) return 0;
    if (l->band_step < 1 || l->band_step > 2 || bands % l->band_step) return 0;
    if (l->band_taps < 1 || l->band_taps > 5 || l->band_taps % 2 == 0 || (bands == 1 && l->band_taps != 1)) return 0;
    if (l->zero_in < 0 || l->zero_in > 255 || (l->depthwise != 0 && l->depthwise != 1)) return 0;
    if (l->depthwise && (l->channels_in != l->channels_out || bands != 1 || l->step != 1)) return 0;
    if (!l->depthwise && l->quads != (l->band_taps * channels_in + 3) / 4) return 0;
    int64_t lanes = (l->channels_out + LANES - 1) / LANES * LANES;
    int64_t weights = l->depthwise ? l->taps * lanes : l->taps * l->quads * 4 * lanes;
    if (!inside(size, l->offset_weights, weights) || !inside(size, l->offset_bias, 8 * lanes)) return 0;
    if (!inside(size, l->offset_scales, 4 * lanes) || !inside(size, l->offset_zeros, 4 * lanes)) return 0;
    const int32_t *bias = part(m, l->offset_bias);
    for (int64_t i = 0; i < 2 * lanes; i++)
        if (bias[i] > 1 << 30 || bias[i] < -(1 << 30)) return 0; /* sums of products are below as much */
    const float *zeros = part(m, l->offset_zeros);
    for (int64_t i = 0; i < lanes; i++)
        if (!is_byte(zeros[i])) return 0;
    return finite(part(m, l->offset_scales), lanes);
}

static int alike(const layer *a, const layer *b) { /* towers give the same frames at the same time */
    return a->taps == b->taps && a->step == b->step && a->dilation == b->dilation;
}

static int is_tower(const tower *t, const model *m, int64_t size) {
    int32_t bands = m->mel.n_mels, channels = 1, step = 1;
    for (int i = 0; i < IMAGE_LAYERS; i++) {
        const layer *l = &t->image[i];
        if (i == IMAGE_LAYERS - 1) channels *= bands, bands = 1; /* the projection reads a row as one position */
        if (!is_layer(m, l, size, 5, bands, channels) || l->depthwise || l->dilation != 1 || l->taps % 2 == 0) return 0;
        if (!alike(l, &m->towers[0].image[i])) return 0;
        bands /= l->band_step, channels = l->channels_out, step *= l->step;
    }
    for (int i = 0; i < TIME_BLOCKS; i++) {
        const layer *d = &t->depthwise[i], *p = &t->pointwise[i];
        if (!is_layer(m, d, size, 5, 1, channels) || !d->depthwise || d->taps % 2 == 0) return 0;
        if (!alike(d, &m->towers[0].depthwise[i]) || !finite(&t->sums[i], 3)) return 0;
        if (!is_layer(m, p, size, 1, 1, channels) || p->depthwise || p->step != 1 || p->channels_out != channels) return 0;
    }
    return step == m->stride && is_layer(m, &t->heads, size, 1, 1, channels) && !t->heads.depthwise &&
           t->heads.channels_out == LABELS + 1 + m->features && t->heads.step == 1 && is_output(&t->logits) &&
           is_output(&t->attention) && is_output(&t->embedding);
}

static int is_matrix(const model *m, const matrix *x, int64_t size, int64_t in, int64_t out) {
    int64_t lanes = (out + LANES - 1) / LANES * LANES;
    if (in % 4 || !inside(size, x->offset_weights, in * lanes) || !inside(size, x->offset_sums, 4 * lanes)) return 0;
    if (!inside(size, x->offset_scales, 4 * lanes) || !inside(size, x->offset_bias, 4 * lanes)) return 0;
    const int32_t *sums = part(m, x->offset_sums);
    for (int64_t i = 0; i < lanes; i++)
        if (sums[i] > 1 << 20 || sums[i] < -(1 << 20)) return 0;
    return finite(part(m, x->offset_scales), lanes) && finite(part(m, x->offset_bias), lanes);
}

const model *read_model(const void *bytes, int64_t size, int every_byte) {
    const uint8_t *all = bytes;
    int64_t length = 0;
    if (size < HEADER + (int64_t)sizeof(model) || size > INT32_MAX) return NULL;
    for (int i = 0; i < 8; i++) {
        if (all[i] != (uint8_t)MAGIC[i]) return NULL;
        length |= (int64_t)all[8 + i] << 8 * i;
    }
    size -= HEADER;
    if (length != size || (every_byte && !digest_is(all + HEADER, size, all + 16))) return NULL;
    const model *m = (const model *)(const void *)(all + HEADER);
    int64_t width = (int64_t)TOWERS * m->features;
    if (m->features < 1 || m->features > 512 || m->stride < 1 || m->stride > BLOCK_FRAMES) return NULL;
    if (m->mel.n_mels < 1 || m->mel.n_mels > 128 || m->mel.coefficients || edge_mel_plan_size(&m->mel) < 0) return NULL;
    if (m->mel.window < m->mel.hop || !is_scale(m->input_scale) || !is_byte(m->input_zero)) return NULL;
    if (!is_scale(m->temperature) || !is_scale(m->fusion_temperature)) return NULL;
    for (int i = 0; i < TOWERS; i++)
        if (!is_tower(&m->towers[i], m, size)) return NULL;
    for (int i = 0; i < 2; i++)
        if (!is_matrix(m, &m->gates[i], size, width, GATES) || !is_matrix(m, &m->recurrent[i], size, HIDDEN, GATES)) return NULL;
    if (!is_matrix(m, &m->alone, size, width, LABELS) || !is_matrix(m, &m->context, size, 2 * HIDDEN, LABELS)) return NULL;
    return m;
}
