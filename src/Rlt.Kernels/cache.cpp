// The cache of keys and values, and a decoding step's attention to it.
#include <algorithm>
#include <vector>

#include "kernels.h"
#include "multiply.h"

namespace rlt {

template <typename T>
void cache_write(const T* k, const T* v, const int64_t* slots, T* keys, T* values, CacheShape shape, int64_t rows) {
  parallel_ranges(rows, std::max<int64_t>(1, 8192 / (shape.kv_heads * shape.width)), [=](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      int64_t block = slots[row] / shape.block, offset = slots[row] % shape.block;
      for (int64_t head = 0; head < shape.kv_heads; head++) {
        const T* from_k = k + (row * shape.kv_heads + head) * shape.width;
        const T* from_v = v + (row * shape.kv_heads + head) * shape.width;
        int64_t base = (block * shape.kv_heads + head) * shape.width * shape.block;
        for (int64_t e = 0; e < shape.width; e++) keys[base + e * shape.block + offset] = from_k[e];
        std::memcpy(values + base + offset * shape.width, from_v, shape.width * sizeof(T));
      }
    }
  });
}

namespace {

// Attention of the query heads [group, E] that share a key head, for one row. The scores [group, length in whole blocks] are scratch.
template <typename T>
void attend_heads(
    const float* queries, const T* keys, const T* values, const int64_t* table, int64_t length, int64_t group, int64_t head, CacheShape shape,
    int64_t window, const float* sinks, float* scores, float* out) {
  int64_t stride = shape.kv_heads * shape.width * shape.block, base = head * shape.width * shape.block;
  int64_t from = window == 0 ? 0 : std::max<int64_t>(0, length - window), first = from / shape.block;
  int64_t row = round_up(length, shape.block), blocks = row / shape.block, whole = shape.width / kLanes * kLanes;
  // Blocks lie anywhere in memory: each is fetched while the one before it is multiplied.
  const auto fetch = [=](const T* block) {
    for (int64_t i = 0; i < shape.width * shape.block; i += 64 / static_cast<int64_t>(sizeof(T))) __builtin_prefetch(block + i);
  };
  for (int64_t b = first; b < blocks; b++) {
    fetch(b + 1 < blocks ? keys + table[b + 1] * stride + base : values + table[first] * stride + base);
    multiply<Widened<T>>(
        scores + b * shape.block, row, queries, shape.width, 1, keys + table[b] * stride + base, shape.block, group, shape.block, shape.width, false);
  }
  std::fill(out, out + group * shape.width, 0.0f);
  for (int64_t g = 0; g < group; g++) {
    float *s = scores + g * row, top = sinks == nullptr ? -INFINITY : sinks[g], sum = 0;
#pragma omp simd reduction(max : top)
    for (int64_t j = from; j < length; j++) top = std::max(top, s[j]);
#pragma omp simd reduction(+ : sum)
    for (int64_t j = from; j < length; j++) sum += s[j] = fast_exp(s[j] - top);
    if (sinks != nullptr) sum += fast_exp(sinks[g] - top);
    float inverse = 1.0f / sum;
#pragma omp simd
    for (int64_t j = from; j < length; j++) s[j] *= inverse;
    std::fill(s + first * shape.block, s + from, 0.0f);
  }
  for (int64_t b = first; b < blocks; b++) {
    const T* block = values + table[b] * stride + base;
    if (b + 1 < blocks) fetch(values + table[b + 1] * stride + base);
    int64_t count = std::min(shape.block, length - b * shape.block);
    multiply<Widened<T>>(out, shape.width, scores + b * shape.block, row, 1, block, shape.width, group, whole, count, true);
    for (int64_t g = 0; g < group; g++)
      for (int64_t j = 0; j < count; j++)
        for (int64_t e = whole; e < shape.width; e++) out[g * shape.width + e] += scores[g * row + b * shape.block + j] * widen(block[j * shape.width + e]);
  }
}

}  // namespace

template <typename T>
void cache_attention(
    const T* q, const T* keys, const T* values, const int64_t* tables, int64_t table_width, const int64_t* lengths, CacheShape shape,
    ScoreRule rule, int64_t rows, int64_t heads, T* out) {
  int64_t group = heads / shape.kv_heads;
  parallel_items(rows * shape.kv_heads, [=](int64_t item) {
    int64_t row = item / shape.kv_heads, head = item % shape.kv_heads, first = (row * heads + head * group) * shape.width;
    static thread_local std::vector<float> memory;
    memory.resize(group * (2 * shape.width + round_up(lengths[row], shape.block)));
    float *queries = memory.data(), *sums = queries + group * shape.width, *scores = sums + group * shape.width;
    for (int64_t i = 0; i < group * shape.width; i++) queries[i] = widen(q[first + i]) * rule.scale;
    const int64_t* table = tables + row * table_width;
    const float* sinks = rule.sinks == nullptr ? nullptr : rule.sinks + head * group;
    attend_heads(queries, keys, values, table, lengths[row], group, head, shape, rule.window, sinks, scores, sums);
    for (int64_t i = 0; i < group * shape.width; i++) store(&out[first + i], sums[i]);
  });
}

#define RLT_FOR(T)                                                                                                                         \
  template void cache_write<T>(const T*, const T*, const int64_t*, T*, T*, CacheShape, int64_t);                                          \
  template void cache_attention<T>(const T*, const T*, const T*, const int64_t*, int64_t, const int64_t*, CacheShape, ScoreRule, int64_t, int64_t, T*);

RLT_FOR(float)
RLT_FOR(bf16)

}  // namespace rlt
