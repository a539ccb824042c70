/* exp and ln of floats, to 2 units in the last place: Cephes' polynomials, as in the kernels. And half floats. */

#include "core.h"

typedef union {
    float f;
    int32_t i;
    uint32_t u;
} word;

float log_f(float x) {
    word w = {.f = x}, half = {.f = 0.70710678f};
    int32_t exponent = (w.i - half.i) >> 23;
    w.u -= (uint32_t)exponent << 23;
    float m = w.f - 1.0f, p = 7.0376836292e-2f;
    p = p * m + -1.1514610310e-1f;
    p = p * m + 1.1676998740e-1f;
    p = p * m + -1.2420140846e-1f;
    p = p * m + 1.4249322787e-1f;
    p = p * m + -1.6668057665e-1f;
    p = p * m + 2.0000714765e-1f;
    p = p * m + -2.4999993993e-1f;
    p = p * m + 3.3333331174e-1f;
    return (float)exponent * 0.69314718f + (m + (p * m * m * m - m * m * 0.5f));
}

float exp_f(float x) {
    x = x > 88.0f ? 88.0f : x > -87.0f ? x : -87.0f;
    float k = round_even_f(x * 1.44269504f);
    float r = x - k * 0.693359375f - k * -2.12194440e-4f, p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 0.5f;
    word scale = {.i = ((int32_t)k + 127) << 23};
    return (p * r * r + r + 1.0f) * scale.f;
}

uint16_t to_half(float x) { /* to nearest, ties to even; too large is infinity */
    word w = {.f = x}, magic;
    uint32_t sign = w.u >> 16 & 0x8000;
    w.u &= 0x7fffffff;
    if (w.u >= 0x47800000) return (uint16_t)(sign | (w.u > 0x7f800000 ? 0x7e00 : 0x7c00));
    if (w.u < 0x38800000) { /* subnormal: the addition rounds */
        magic.u = 0x3f000000;
        w.f += magic.f;
        return (uint16_t)(sign | (w.u - magic.u));
    }
    uint32_t odd = w.u >> 13 & 1;
    return (uint16_t)(sign | (w.u + 0xc8000fff + odd) >> 13);
}

float from_half(uint16_t h) {
    word w = {.u = (uint32_t)(h & 0x7fff) << 13}, magic = {.u = 0x77800000}; /* 2^112 */
    w.f *= magic.f;
    if (w.f >= 65536.0f) w.u |= 0x7f800000;
    w.u |= (uint32_t)(h & 0x8000) << 16;
    return w.f;
}
