// Attention in blocks: scores are made for a block of queries against a block of keys, never for all pairs. The softmax
// is corrected as further blocks come (Milakov and Gimelshein, arXiv 1805.02867; Dao et al., arXiv 2205.14135).
#include "blocks.h"

namespace rlt {
namespace {

// The softmax over one row's scores as blocks of them come. Exponents are of base 2.
struct RunningRow {
  float top = -INFINITY, sum = 0;
};

// Turns a row's scores into weights (before division by their sum), and brings what was summed before to the new maximum.
inline void soften(float* scores, const Sight& sight, float scale, RunningRow& running, float* sums, int64_t padded) {
  if (sight.none()) {
    std::fill(scores, scores + kKeys, 0.0f);
    return;
  }
  floats values[kVectors], most = broadcast(-INFINITY), sum{};
  bool whole = sight.all();
  for (int i = 0; i < kVectors; i++) {
    values[i] = load(scores + i * kLanes) * scale;
    if (!whole) values[i] = chosen(lanes_seen(i, sight), values[i], broadcast(-INFINITY));
    most = larger(most, values[i]);
  }
  float top = std::max(running.top, largest(most));
  for (int i = 0; i < kVectors; i++) {
    floats weight = power_of_two(values[i] - top);
    if (!whole) weight = chosen(lanes_seen(i, sight), weight, floats{});
    sum += weight;
    store(scores + i * kLanes, weight);
  }
  if (top != running.top) {
    float kept = power_of_two(broadcast(running.top - top))[0];
    running.top = top;
    running.sum *= kept;
    for (int64_t e = 0; e < padded; e += kLanes) store(sums + e, load(sums + e) * kept);
  }
  running.sum += total(sum);
}

// Keys and values of a run, by kv head: packed once, read by all threads.
template <typename W>
struct PackedHeads {
  std::vector<PackedRows<W>> keys, values;
};

}  // namespace

template <typename T>
void attention(const T* q, const T* k, const T* v, const Segment* segments, int64_t count, AttentionShape shape, T* out, float* log_sum) {
  using W = WordsOf<T>;
  using Word = typename W::Word;
  int64_t group = shape.heads / shape.kv_heads, padded = round_up(shape.width, kLanes), stride = shape.kv_heads * shape.width;
  int64_t tokens = tokens_per_block(group), words = shape.width / W::kElements;
  float scale = kLog2E * shape.rule.scale;

  std::vector<PackedHeads<W>> packs(count);
  for (auto& pack : packs) pack.keys.resize(shape.kv_heads), pack.values.resize(shape.kv_heads);
  parallel_items(count * shape.kv_heads, [&](int64_t item) {
    int64_t s = item / shape.kv_heads, head = item % shape.kv_heads, at = segments[s].start * stride + head * shape.width;
    packs[s].keys[head].fill(k + at, stride, segments[s].length, shape.width, false, true);
    packs[s].values[head].fill(v + at, stride, segments[s].length, shape.width, true, false);
  });

  struct Item {
    int64_t segment;
    QueryBlock block;
  };
  std::vector<Item> items;
  std::vector<int64_t> parents = parents_of(segments, count);
  for (int64_t s = 0; s < count; s++)
    for (int64_t head = 0; head < shape.kv_heads; head++)
      for (int64_t first = 0; first < segments[s].length; first += tokens)
        items.push_back({s, {segments[s].start + first, std::min(tokens, segments[s].length - first), group, head, shape.heads}});

  parallel_items(static_cast<int64_t>(items.size()), [&](int64_t i) {
    const Segment& segment = segments[items[i].segment];
    const QueryBlock& block = items[i].block;
    int64_t rows = block.rows(), first = block.first - segment.start;
    float *sums = scratch<struct BlockSums, float>(rows * (padded + kKeys)), *scores = sums + rows * padded;
    Word *queries = scratch<struct BlockWords, Word>(rows * (words + kKeys / W::kElements)), *weights = queries + rows * words;
    std::fill(sums, scores, 0.0f);
    std::vector<RunningRow> running(rows);
    for (int64_t row = 0; shape.rule.sinks != nullptr && row < rows; row++)
      running[row] = {kLog2E * shape.rule.sinks[block.kv_head * group + row % group], 1};
    gather<W>(q, block, shape.width, queries);
    auto against = [&](int64_t run, bool own, int64_t keys) {
      const PackedRows<W>&key_pack = packs[run].keys[block.kv_head], &value_pack = packs[run].values[block.kv_head];
      auto sight_of = [&](int64_t token) { return Sight(own, segment.parent_length, keys, token, shape.rule.window); };
      for (int64_t key = first_block(sight_of(first)); key < keys; key += kKeys) {
        multiply<W>(scores, kKeys, queries, words, 1, key_pack.by_width(key), kKeys, rows, kKeys, words, false);
        for (int64_t row = 0; row < rows; row++)
          soften(scores + row * kKeys, sight_of(first + row / group).in_block(key), scale, running[row], sums + row * padded, padded);
        int64_t depth = (std::min(kKeys, keys - key) + W::kElements - 1) / W::kElements;
        multiply<W>(sums, padded, words_of_scores<W>(scores, rows, weights), kKeys / W::kElements, 1, value_pack.by_key(key), padded, rows, padded,
            depth, true);
      }
    };
    if (parents[items[i].segment] >= 0) against(parents[items[i].segment], false, segment.parent_length);
    against(items[i].segment, true, first + block.tokens);
    for (int64_t row = 0; row < rows; row++) {
      float inverse = 1.0f / running[row].sum;
      T* to = out + block.head(row) * shape.width;
#pragma omp simd
      for (int64_t e = 0; e < shape.width; e++) store(&to[e], sums[row * padded + e] * inverse);
      log_sum[block.head(row)] = running[row].top / kLog2E + std::log(running[row].sum);
    }
  });
}

#define RLT_FOR(T) template void attention<T>(const T*, const T*, const T*, const Segment*, int64_t, AttentionShape, T*, float*);

RLT_FOR(float)
RLT_FOR(bf16)

}  // namespace rlt
