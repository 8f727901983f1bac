// The gradients of attention, block by block: a block's weights are made again from the log-sums.
#include "blocks.h"

namespace rlt {
namespace {

// Turns a row's scores into weights, and their gradients into those of the scores (but for the factor of the scores).
inline void differentiate(float* scores, float* gradients, const Sight& sight, float scale, float log_sum, float shift) {
  for (int i = 0; i < kVectors; i++) {
    float *score = scores + i * kLanes, *gradient = gradients + i * kLanes;
    floats weight = power_of_two(load(score) * scale - log_sum);
    if (!sight.all()) weight = chosen(lanes_seen(i, sight), weight, floats{});
    store(score, weight);
    store(gradient, weight * (load(gradient) - shift));
  }
}

// The gradients of one key head's keys and values over one tree: a run without parent and the runs that have it as parent.
template <typename T>
struct TreeBackward {
  using W = WordsOf<T>;
  using Word = typename W::Word;

  const T *dout, *q, *k, *v, *out;
  const float* log_sum;
  AttentionShape shape;
  T *dq, *dk, *dv;

  struct Pack {
    PackedRows<W> keys, values;
    Lines<float> dkeys, dvalues;
  };

  int64_t group() const { return shape.heads / shape.kv_heads; }
  int64_t padded() const { return round_up(shape.width, kLanes); }
  float scale() const { return shape.rule.scale; }

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
        store(&dk[at + e], pack.dkeys[row * padded() + e] * scale());
        store(&dv[at + e], pack.dvalues[row * padded() + e]);
      }
    }
  }

  // Adds one segment's share, against its parent and itself, and writes its dq.
  void segment(const Segment& segment, int64_t head, Pack* parent, Pack& own) const {
    int64_t tokens = tokens_per_block(group()), width = padded(), most = tokens * group(), words = shape.width / W::kElements;
    int64_t pairs = (most + W::kElements - 1) / W::kElements, key_words = kKeys / W::kElements;
    Lines<float> memory(most * (width + 2 * kKeys + 2));
    float* dqueries = memory.data();
    float* weights = dqueries + most * width;
    float* dweights = weights + most * kKeys;
    float* shift = dweights + most * kKeys;
    float* log_sums = shift + most;
    Lines<Word> packed(2 * most * words + 2 * pairs * width + 2 * pairs * kKeys + most * key_words, Word{});
    Word* queries = packed.data();
    Word* above = queries + most * words;
    Word* queries_across = above + most * words;
    Word* above_across = queries_across + pairs * width;
    Word* weights_across = above_across + pairs * width;
    Word* dweights_across = weights_across + pairs * kKeys;
    Word* dweights_along = dweights_across + pairs * kKeys;
    for (int64_t first = 0; first < segment.length; first += tokens) {
      QueryBlock block{segment.start + first, std::min(tokens, segment.length - first), group(), head, shape.heads};
      int64_t rows = block.rows(), row_words = (rows + W::kElements - 1) / W::kElements;
      gather<W>(q, block, shape.width, queries);
      gather<W>(dout, block, shape.width, above);
      gather_across<W>(q, block, shape.width, width, queries_across);
      gather_across<W>(dout, block, shape.width, width, above_across);
      for (int64_t row = 0; row < rows; row++) {
        const T *d = dout + block.head(row) * shape.width, *o = out + block.head(row) * shape.width;
        float sum = 0;
#pragma omp simd reduction(+ : sum)
        for (int64_t e = 0; e < shape.width; e++) sum += widen(d[e]) * widen(o[e]);
        shift[row] = sum;
        log_sums[row] = log_sum[block.head(row)] * kLog2E;
      }
      std::fill(dqueries, dqueries + rows * width, 0.0f);
      auto against = [&](Pack& pack, bool is_own, int64_t keys) {
        auto sight_of = [&](int64_t token) { return Sight(is_own, segment.parent_length, keys, token, shape.rule.window); };
        for (int64_t key = first_block(sight_of(first)); key < keys; key += kKeys) {
          multiply<W>(weights, kKeys, queries, words, 1, pack.keys.by_width(key), kKeys, rows, kKeys, words, false);
          multiply<W>(dweights, kKeys, above, words, 1, pack.values.by_width(key), kKeys, rows, kKeys, words, false);
          for (int64_t row = 0; row < rows; row++)
            differentiate(weights + row * kKeys, dweights + row * kKeys, sight_of(first + row / group()).in_block(key), scale() * kLog2E, log_sums[row],
                shift[row]);
          const Word* dweights_row = words_of_scores<W>(dweights, rows, dweights_along);
          const Word *weights_column = words_across_scores<W>(weights, rows, weights_across),
              *dweights_column = words_across_scores<W>(dweights, rows, dweights_across);
          int64_t count = std::min(kKeys, keys - key);
          multiply<W>(pack.dvalues.data() + key * width, width, weights_column, 1, kKeys, above_across, width, count, width, row_words, true);
          multiply<W>(pack.dkeys.data() + key * width, width, dweights_column, 1, kKeys, queries_across, width, count, width, row_words, true);
          int64_t depth = (count + W::kElements - 1) / W::kElements;
          multiply<W>(dqueries, width, dweights_row, key_words, 1, pack.keys.by_key(key), width, rows, width, depth, true);
        }
      };
      if (parent != nullptr) against(*parent, false, segment.parent_length);
      against(own, true, first + block.tokens);
      for (int64_t row = 0; row < rows; row++) {
        T* to = dq + block.head(row) * shape.width;
        float factor = scale();
#pragma omp simd
        for (int64_t e = 0; e < shape.width; e++) store(&to[e], dqueries[row * width + e] * factor);
      }
    }
  }
};

}  // namespace

template <typename T>
void attention_backward(
    const T* dout, const T* q, const T* k, const T* v, const T* out, const float* log_sum, const Segment* segments, int64_t count,
    AttentionShape shape, T* dq, T* dk, T* dv) {
  SegmentTrees trees(segments, count);
  TreeBackward<T> work{dout, q, k, v, out, log_sum, shape, dq, dk, dv};
  parallel_items(static_cast<int64_t>(trees.roots.size()) * shape.kv_heads, [&](int64_t item) {
    int64_t at = trees.roots[item / shape.kv_heads], head = item % shape.kv_heads;
    const Segment& root = segments[at];
    typename TreeBackward<T>::Pack trunk, branch;
    work.fill(trunk, root, head);
    work.segment(root, head, nullptr, trunk);
    for (int64_t s : trees.children[at]) {
      work.fill(branch, segments[s], head);
      work.segment(segments[s], head, &trunk, branch);
      work.finish(branch, segments[s], head);
    }
    work.finish(trunk, root, head);
  });
}

#define RLT_FOR(T)                                                                                                                         \
  template void attention_backward<T>(                                                                                                    \
      const T*, const T*, const T*, const T*, const T*, const float*, const Segment*, int64_t, AttentionShape, T*, T*, T*);

RLT_FOR(float)
RLT_FOR(bf16)

}  // namespace rlt
