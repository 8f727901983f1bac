// Attention in blocks: scores are made for a block of queries against a block of keys, never for all pairs. The softmax
// is corrected as further blocks come (Milakov and Gimelshein, arXiv 1805.02867; Dao et al., arXiv 2205.14135).
#include <algorithm>
#include <unordered_map>
#include <vector>

#include "kernels.h"
#include "lanes.h"

namespace rlt {
namespace {

constexpr int64_t kKeys = 64;      // keys of a block
constexpr int64_t kQueryRows = 96; // rows of a block of queries: tokens times the heads that share a key head

// C[rows, 16 * columns] (+)= A B, where element (m, k) of A is a[m * a_row + k * a_depth]: MR rows at a time in registers.
template <int MR, int NV>
inline void multiply_tile(float* c, int64_t c_row, const float* a, int64_t a_row, int64_t a_depth, const float* b, int64_t b_row, int64_t depth, bool add) {
  floats sum[MR][NV];
  for (int m = 0; m < MR; m++)
    for (int n = 0; n < NV; n++) sum[m][n] = add ? load(c + m * c_row + n * kLanes) : floats{};
  for (int64_t k = 0; k < depth; k++) {
    floats right[NV];
    for (int n = 0; n < NV; n++) right[n] = load(b + k * b_row + n * kLanes);
    for (int m = 0; m < MR; m++) {
      floats left = broadcast(a[m * a_row + k * a_depth]);
      for (int n = 0; n < NV; n++) sum[m][n] += left * right[n];
    }
  }
  for (int m = 0; m < MR; m++)
    for (int n = 0; n < NV; n++) *reinterpret_cast<floats*>(c + m * c_row + n * kLanes) = sum[m][n];
}

template <int NV>
void multiply_columns(float* c, int64_t c_row, const float* a, int64_t a_row, int64_t a_depth, const float* b, int64_t b_row, int64_t rows, int64_t depth, bool add) {
  int64_t m = 0;
  for (; m + 6 <= rows; m += 6) multiply_tile<6, NV>(c + m * c_row, c_row, a + m * a_row, a_row, a_depth, b, b_row, depth, add);
  for (; m + 2 <= rows; m += 2) multiply_tile<2, NV>(c + m * c_row, c_row, a + m * a_row, a_row, a_depth, b, b_row, depth, add);
  if (m < rows) multiply_tile<1, NV>(c + m * c_row, c_row, a + m * a_row, a_row, a_depth, b, b_row, depth, add);
}

// `columns` is a multiple of 16.
void multiply(float* c, int64_t c_row, const float* a, int64_t a_row, int64_t a_depth, const float* b, int64_t b_row, int64_t rows, int64_t columns, int64_t depth, bool add) {
  int64_t n = 0;
  for (; n + 4 * kLanes <= columns; n += 4 * kLanes) multiply_columns<4>(c + n, c_row, a, a_row, a_depth, b + n, b_row, rows, depth, add);
  for (; n < columns; n += kLanes) multiply_columns<1>(c + n, c_row, a, a_row, a_depth, b + n, b_row, rows, depth, add);
}

// The keys and values of one head in one run of rows, in float32 and in blocks of kKeys: as they are [block][key][E], and
// turned [block][E][key]. E is padded to whole vectors, keys to whole blocks, with zeros.
class PackedRows {
 public:
  template <typename T>
  void fill(const T* from, int64_t row_stride, int64_t count, int64_t width, bool plain, bool turned) {
    padded_ = round_up(width, kLanes);
    int64_t size = round_up(count, kKeys) * padded_;
    if (plain) plain_.assign(size, 0.0f);
    if (turned) turned_.assign(size, 0.0f);
    for (int64_t row = 0; row < count; row++) {
      const T* in = from + row * row_stride;
      if (plain) {
        float* to = plain_.data() + row * padded_;
#pragma omp simd
        for (int64_t e = 0; e < width; e++) to[e] = widen(in[e]);
      }
      if (turned) {
        float* to = turned_.data() + row / kKeys * kKeys * padded_ + row % kKeys;
        for (int64_t e = 0; e < width; e++) to[e * kKeys] = widen(in[e]);
      }
    }
  }

  const float* plain(int64_t first_row) const { return plain_.data() + first_row * padded_; }
  const float* turned(int64_t first_row) const { return turned_.data() + first_row * padded_; }

 private:
  int64_t padded_ = 0;
  std::vector<float> plain_, turned_;
};

// Rows of a block of queries: token `first + row / group`, head `kv_head * group + row % group`.
struct QueryBlock {
  int64_t first, tokens, group, kv_head;
  int64_t rows() const { return tokens * group; }
};

// The block's rows of x [N, H, E], times a factor, as float32 [rows, padded].
template <typename T>
void gather(const T* x, const QueryBlock& block, AttentionShape shape, float factor, float* to, int64_t padded) {
  for (int64_t row = 0; row < block.rows(); row++) {
    const T* in = x + ((block.first + row / block.group) * shape.heads + block.kv_head * block.group + row % block.group) * shape.width;
    float* out = to + row * padded;
#pragma omp simd
    for (int64_t e = 0; e < shape.width; e++) out[e] = widen(in[e]) * factor;
    for (int64_t e = shape.width; e < padded; e++) out[e] = 0;
  }
}

int64_t tokens_per_block(int64_t group) { return std::max<int64_t>(1, kQueryRows / group); }

// How many of the block's keys a row may see: all of a parent's, and of its own run those up to itself.
int64_t visible(bool own, int64_t key_block, int64_t keys, int64_t token) {
  int64_t limit = own ? std::min(keys, token + 1) : keys;
  return std::clamp<int64_t>(limit - key_block, 0, kKeys);
}

// The softmax over one row's scores as blocks of them come.
struct RunningRow {
  float top = -INFINITY, sum = 0;
};

// Turns scores [rows, kKeys] into weights, and brings what was summed before to the new maximum.
void soften(float* scores, const QueryBlock& block, int64_t segment_start, bool own, int64_t key_block, int64_t keys, RunningRow* running, float* out, int64_t padded) {
  for (int64_t row = 0; row < block.rows(); row++) {
    float* s = scores + row * kKeys;
    int64_t seen = visible(own, key_block, keys, block.first - segment_start + row / block.group);
    float top = running[row].top;
#pragma omp simd reduction(max : top)
    for (int64_t j = 0; j < seen; j++) top = std::max(top, s[j]);
    float sum = 0;
    if (seen == kKeys) {
#pragma omp simd reduction(+ : sum)
      for (int64_t j = 0; j < kKeys; j++) sum += s[j] = fast_exp(s[j] - top);
    } else {
#pragma omp simd reduction(+ : sum)
      for (int64_t j = 0; j < kKeys; j++) sum += s[j] = j < seen ? fast_exp(s[j] - top) : 0.0f;
    }
    float kept = fast_exp(running[row].top - top);
    running[row].sum = running[row].sum * kept + sum;
    running[row].top = top;
    if (kept != 1.0f) {
      float* o = out + row * padded;
#pragma omp simd
      for (int64_t e = 0; e < padded; e++) o[e] *= kept;
    }
  }
}

// The index of each segment's parent, -1 where there is none.
std::vector<int64_t> parents_of(const Segment* segments, int64_t count) {
  std::unordered_map<int64_t, int64_t> by_start;
  for (int64_t s = 0; s < count; s++) by_start[segments[s].start] = s;
  std::vector<int64_t> parents(count, -1);
  for (int64_t s = 0; s < count; s++)
    if (segments[s].parent_length > 0) parents[s] = by_start.at(segments[s].parent_start);
  return parents;
}

// Packs of the runs that are in use, by kv head: made once, read by all threads.
struct PackedHeads {
  std::vector<PackedRows> keys, values;
};

}  // namespace

template <typename T>
void attention(const T* q, const T* k, const T* v, const Segment* segments, int64_t count, AttentionShape shape, T* out, float* log_sum) {
  int64_t group = shape.heads / shape.kv_heads, padded = round_up(shape.width, kLanes), stride = shape.kv_heads * shape.width;
  int64_t tokens = tokens_per_block(group);
  float scale = 1.0f / std::sqrt(static_cast<float>(shape.width));

  // One pack a run and head; a parent is a run of its own among the segments.
  std::vector<PackedHeads> packs(count);
  for (auto& pack : packs) pack.keys.resize(shape.kv_heads), pack.values.resize(shape.kv_heads);
  parallel_items(count * shape.kv_heads, [&](int64_t item) {
    int64_t s = item / shape.kv_heads, head = item % shape.kv_heads;
    const T* at = k + segments[s].start * stride + head * shape.width;
    packs[s].keys[head].fill(at, stride, segments[s].length, shape.width, false, true);
    packs[s].values[head].fill(v + (at - k), stride, segments[s].length, shape.width, true, false);
  });
  std::vector<int64_t> parents = parents_of(segments, count);

  struct Item {
    int64_t segment, kv_head, first, tokens;
  };
  std::vector<Item> items;
  for (int64_t s = 0; s < count; s++)
    for (int64_t head = 0; head < shape.kv_heads; head++)
      for (int64_t first = 0; first < segments[s].length; first += tokens)
        items.push_back({s, head, segments[s].start + first, std::min(tokens, segments[s].length - first)});

  parallel_items(static_cast<int64_t>(items.size()), [&](int64_t i) {
    const Item& item = items[i];
    const Segment& segment = segments[item.segment];
    QueryBlock block{item.first, item.tokens, group, item.kv_head};
    static thread_local std::vector<float> memory;
    memory.assign(tokens * group * (2 * padded + kKeys), 0.0f);
    float *queries = memory.data(), *sums = queries + tokens * group * padded, *scores = sums + tokens * group * padded;
    std::vector<RunningRow> running(block.rows());
    gather(q, block, shape, scale, queries, padded);
    auto against = [&](int64_t run, bool own, int64_t keys) {
      const PackedRows &turned = packs[run].keys[item.kv_head], &plain = packs[run].values[item.kv_head];
      for (int64_t key = 0; key < keys; key += kKeys) {
        multiply(scores, kKeys, queries, padded, 1, turned.turned(key), kKeys, block.rows(), kKeys, shape.width, false);
        soften(scores, block, segment.start, own, key, keys, running.data(), sums, padded);
        multiply(sums, padded, scores, kKeys, 1, plain.plain(key), padded, block.rows(), padded, std::min(kKeys, keys - key), true);
      }
    };
    if (parents[item.segment] >= 0) against(parents[item.segment], false, segment.parent_length);
    against(item.segment, true, item.first - segment.start + item.tokens);
    for (int64_t row = 0; row < block.rows(); row++) {
      int64_t at = (block.first + row / group) * shape.heads + item.kv_head * group + row % group;
      float inverse = 1.0f / running[row].sum;
#pragma omp simd
      for (int64_t e = 0; e < shape.width; e++) store(&out[at * shape.width + e], sums[row * padded + e] * inverse);
      log_sum[at] = running[row].top + std::log(running[row].sum);
    }
  });
}

namespace {

// The gradients of one key head's keys and values over one tree: a run without parent and the runs that have it as parent.
template <typename T>
struct TreeBackward {
  const T *dout, *q, *k, *v, *out;
  const float* log_sum;
  AttentionShape shape;
  T *dq, *dk, *dv;

  struct Pack {
    PackedRows keys, values;
    std::vector<float> dkeys, dvalues;
  };

  int64_t group() const { return shape.heads / shape.kv_heads; }
  int64_t padded() const { return round_up(shape.width, kLanes); }

  void fill(Pack& pack, const Segment& segment, int64_t head) const {
    int64_t stride = shape.kv_heads * shape.width, at = segment.start * stride + head * shape.width;
    pack.keys.fill(k + at, stride, segment.length, shape.width, true, true);
    pack.values.fill(v + at, stride, segment.length, shape.width, false, true);
    pack.dkeys.assign(round_up(segment.length, kKeys) * padded(), 0.0f);
    pack.dvalues.assign(round_up(segment.length, kKeys) * padded(), 0.0f);
  }

  void finish(const Pack& pack, const Segment& segment, int64_t head) const {
    for (int64_t row = 0; row < segment.length; row++) {
      int64_t at = ((segment.start + row) * shape.kv_heads + head) * shape.width;
      for (int64_t e = 0; e < shape.width; e++) {
        store(&dk[at + e], pack.dkeys[row * padded() + e]);
        store(&dv[at + e], pack.dvalues[row * padded() + e]);
      }
    }
  }

  // Adds one segment's share, against its parent and itself, and writes its dq.
  void segment(const Segment& segment, int64_t head, Pack* parent, Pack& own) const {
    int64_t tokens = tokens_per_block(group()), width = padded();
    float scale = 1.0f / std::sqrt(static_cast<float>(shape.width));
    std::vector<float> memory(tokens * group() * (3 * width + 2 * kKeys + 2));
    float* queries = memory.data();
    float* above = queries + tokens * group() * width;
    float* dqueries = above + tokens * group() * width;
    float* weights = dqueries + tokens * group() * width;
    float* dweights = weights + tokens * group() * kKeys;
    float* along = dweights + tokens * group() * kKeys;
    float* log_sums = along + tokens * group();
    for (int64_t first = 0; first < segment.length; first += tokens) {
      QueryBlock block{segment.start + first, std::min(tokens, segment.length - first), group(), head};
      int64_t rows = block.rows();
      gather(q, block, shape, scale, queries, width);
      gather(dout, block, shape, 1.0f, above, width);
      gather(out, block, shape, 1.0f, dqueries, width);
      for (int64_t row = 0; row < rows; row++) {
        float sum = 0;
#pragma omp simd reduction(+ : sum)
        for (int64_t e = 0; e < width; e++) sum += above[row * width + e] * dqueries[row * width + e];
        along[row] = sum;
        log_sums[row] = log_sum[(block.first + row / group()) * shape.heads + head * group() + row % group()];
      }
      std::fill(dqueries, dqueries + rows * width, 0.0f);
      auto against = [&](Pack& pack, bool is_own, int64_t keys) {
        for (int64_t key = 0; key < keys; key += kKeys) {
          multiply(weights, kKeys, queries, width, 1, pack.keys.turned(key), kKeys, rows, kKeys, shape.width, false);
          multiply(dweights, kKeys, above, width, 1, pack.values.turned(key), kKeys, rows, kKeys, shape.width, false);
          for (int64_t row = 0; row < rows; row++) {
            int64_t seen = visible(is_own, key, keys, first + row / group());
            float *w = weights + row * kKeys, *d = dweights + row * kKeys, sum = log_sums[row], a = along[row];
#pragma omp simd
            for (int64_t j = 0; j < kKeys; j++) {
              w[j] = j < seen ? fast_exp(w[j] - sum) : 0.0f;
              d[j] = w[j] * (d[j] - a);
            }
          }
          int64_t count = std::min(kKeys, keys - key);
          multiply(pack.dvalues.data() + key * width, width, weights, 1, kKeys, above, width, count, width, rows, true);
          multiply(pack.dkeys.data() + key * width, width, dweights, 1, kKeys, queries, width, count, width, rows, true);
          multiply(dqueries, width, dweights, kKeys, 1, pack.keys.plain(key), width, rows, width, count, true);
        }
      };
      if (parent != nullptr) against(*parent, false, segment.parent_length);
      against(own, true, first + block.tokens);
      for (int64_t row = 0; row < rows; row++) {
        T* to = dq + ((block.first + row / group()) * shape.heads + head * group() + row % group()) * shape.width;
#pragma omp simd
        for (int64_t e = 0; e < shape.width; e++) store(&to[e], dqueries[row * width + e] * scale);
      }
    }
  }
};

}  // namespace

template <typename T>
void attention_backward(
    const T* dout, const T* q, const T* k, const T* v, const T* out, const float* log_sum, const Segment* segments, int64_t count,
    AttentionShape shape, T* dq, T* dk, T* dv) {
  std::vector<int64_t> roots, parents = parents_of(segments, count);
  std::vector<std::vector<int64_t>> children(count);
  for (int64_t s = 0; s < count; s++) {
    if (parents[s] >= 0) children[parents[s]].push_back(s);
    else roots.push_back(s);
  }
  TreeBackward<T> work{dout, q, k, v, out, log_sum, shape, dq, dk, dv};
  parallel_items(static_cast<int64_t>(roots.size()) * shape.kv_heads, [&](int64_t item) {
    int64_t at = roots[item / shape.kv_heads], head = item % shape.kv_heads;
    const Segment& root = segments[at];
    typename TreeBackward<T>::Pack trunk, branch;
    work.fill(trunk, root, head);
    work.segment(root, head, nullptr, trunk);
    for (int64_t s : children[at]) {
      work.fill(branch, segments[s], head);
      work.segment(segments[s], head, &trunk, branch);
      work.finish(branch, segments[s], head);
    }
    work.finish(trunk, root, head);
  });
}

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

// Scores of GR queries [GR, E] against the positions of one block: scores[g][0..block). The block's size is a multiple of 16.
template <int GR, typename T>
void score_block(const float* queries, const T* keys, int64_t width, int64_t block, float* scores, int64_t score_row) {
  for (int64_t j = 0; j < block; j += kLanes) {
    floats sum[GR] = {};
    for (int64_t e = 0; e < width; e++) {
      floats key = load(keys + e * block + j);
      for (int g = 0; g < GR; g++) sum[g] += broadcast(queries[g * width + e]) * key;
    }
    for (int g = 0; g < GR; g++) *reinterpret_cast<floats*>(scores + g * score_row + j) = sum[g];
  }
}

// out[GR, E] += weights[g][0..count) times the block's values.
template <int GR, typename T>
void mix_block(const float* weights, int64_t weight_row, const T* values, int64_t width, int64_t count, float* out) {
  int64_t e = 0;
  for (; e + kLanes <= width; e += kLanes) {
    floats sum[GR];
    for (int g = 0; g < GR; g++) sum[g] = load(out + g * width + e);
    for (int64_t j = 0; j < count; j++) {
      floats value = load(values + j * width + e);
      for (int g = 0; g < GR; g++) sum[g] += broadcast(weights[g * weight_row + j]) * value;
    }
    for (int g = 0; g < GR; g++) *reinterpret_cast<floats*>(out + g * width + e) = sum[g];
  }
  for (; e < width; e++)
    for (int g = 0; g < GR; g++)
      for (int64_t j = 0; j < count; j++) out[g * width + e] += weights[g * weight_row + j] * widen(values[j * width + e]);
}

// Attention of GR query heads that share a key head, for one row.
template <int GR, typename T>
void attend_heads(const float* queries, const T* keys, const T* values, const int64_t* table, int64_t length, int64_t head, CacheShape shape, float* scores, float* out) {
  int64_t stride = shape.kv_heads * shape.width * shape.block, base = head * shape.width * shape.block;
  int64_t row = round_up(length, shape.block);
  for (int64_t b = 0; b * shape.block < length; b++)
    score_block<GR>(queries, keys + table[b] * stride + base, shape.width, shape.block, scores + b * shape.block, row);
  float inverse[GR];
  for (int g = 0; g < GR; g++) {
    float *s = scores + g * row, top = -INFINITY, sum = 0;
#pragma omp simd reduction(max : top)
    for (int64_t j = 0; j < length; j++) top = std::max(top, s[j]);
#pragma omp simd reduction(+ : sum)
    for (int64_t j = 0; j < length; j++) sum += s[j] = fast_exp(s[j] - top);
    inverse[g] = 1.0f / sum;
  }
  std::fill(out, out + GR * shape.width, 0.0f);
  for (int64_t b = 0; b * shape.block < length; b++)
    mix_block<GR>(scores + b * shape.block, row, values + table[b] * stride + base, shape.width, std::min(shape.block, length - b * shape.block), out);
  for (int g = 0; g < GR; g++)
    for (int64_t e = 0; e < shape.width; e++) out[g * shape.width + e] *= inverse[g];
}

}  // namespace

template <typename T>
void cache_attention(
    const T* q, const T* keys, const T* values, const int64_t* tables, int64_t table_width, const int64_t* lengths, CacheShape shape,
    int64_t rows, int64_t heads, T* out) {
  int64_t group = heads / shape.kv_heads;
  float scale = 1.0f / std::sqrt(static_cast<float>(shape.width));
  parallel_items(rows * shape.kv_heads, [=](int64_t item) {
    int64_t row = item / shape.kv_heads, head = item % shape.kv_heads, first = (row * heads + head * group) * shape.width;
    static thread_local std::vector<float> memory;
    memory.resize(group * (2 * shape.width + round_up(lengths[row], shape.block)));
    float *queries = memory.data(), *sums = queries + group * shape.width, *scores = sums + group * shape.width;
    for (int64_t i = 0; i < group * shape.width; i++) queries[i] = widen(q[first + i]) * scale;
    const int64_t* table = tables + row * table_width;
    int64_t g = 0;
    for (; g + 4 <= group; g += 4) attend_heads<4>(queries + g * shape.width, keys, values, table, lengths[row], head, shape, scores, sums + g * shape.width);
    for (; g + 2 <= group; g += 2) attend_heads<2>(queries + g * shape.width, keys, values, table, lengths[row], head, shape, scores, sums + g * shape.width);
    if (g < group) attend_heads<1>(queries + g * shape.width, keys, values, table, lengths[row], head, shape, scores, sums + g * shape.width);
    for (int64_t i = 0; i < group * shape.width; i++) store(&out[first + i], sums[i]);
  });
}

#define RLT_FOR(T)                                                                                                                         \
  template void attention<T>(const T*, const T*, const T*, const Segment*, int64_t, AttentionShape, T*, float*);                          \
  template void attention_backward<T>(                                                                                                    \
      const T*, const T*, const T*, const T*, const T*, const float*, const Segment*, int64_t, AttentionShape, T*, T*, T*);               \
  template void cache_write<T>(const T*, const T*, const int64_t*, T*, T*, CacheShape, int64_t);                                          \
  template void cache_attention<T>(const T*, const T*, const T*, const int64_t*, int64_t, const int64_t*, CacheShape, int64_t, int64_t, T*);

RLT_FOR(float)
RLT_FOR(bf16)

}  // namespace rlt
