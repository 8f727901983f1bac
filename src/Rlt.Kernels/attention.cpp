// Attention in blocks: scores are made for a block of queries against a block of keys, never for all pairs. The softmax
// is corrected as further blocks come (Milakov and Gimelshein, arXiv 1805.02867; Dao et al., arXiv 2205.14135).
#include <algorithm>
#include <unordered_map>
#include <vector>

#include "kernels.h"
#include "multiply.h"

namespace rlt {
namespace {

constexpr int64_t kKeys = 64;       // keys of a block
constexpr int64_t kQueryRows = 96;  // rows of a block of queries: tokens times the heads that share a key head

// The words of one row, its elements in order.
template <typename W, typename T>
void along(const T* row, int64_t elements, typename W::Word* to) {
#pragma omp simd
  for (int64_t i = 0; i < elements / W::kElements; i++) to[i] = W::word(widen(row[i * W::kElements]), widen(row[i * W::kElements + W::kElements - 1]));
}

// Words across two rows (or one, where a word is a single element): word i has the element i of each; no second row is zeros.
template <typename W, typename T>
void across(const T* first, const T* second, int64_t elements, typename W::Word* to) {
  if (second == nullptr) {
#pragma omp simd
    for (int64_t i = 0; i < elements; i++) to[i] = W::word(widen(first[i]), 0.0f);
  } else {
#pragma omp simd
    for (int64_t i = 0; i < elements; i++) to[i] = W::word(widen(first[i]), widen(second[i]));
  }
}

// The keys or values of one head in one run of rows, in blocks of kKeys, for products that sum over the keys ("by key": words across keys,
// [block][kKeys / per word][E]) and for those that sum over the width ("by width": words along E, [block][E / per word][kKeys]). E is padded
// to whole vectors, keys to whole blocks, with zeros.
template <typename W>
class PackedRows {
 public:
  using Word = typename W::Word;

  template <typename T>
  void fill(const T* from, int64_t row_stride, int64_t count, int64_t width, bool by_key, bool by_width) {
    int64_t padded = round_up(width, kLanes), rows = round_up(count, kKeys);
    key_stride_ = padded * kKeys / W::kElements;
    width_stride_ = width / W::kElements * kKeys;
    if (by_key) {
      by_key_.assign(rows / kKeys * key_stride_, Word{});
      for (int64_t row = 0; row < count; row += W::kElements)
        across<W>(from + row * row_stride, W::kElements > 1 && row + 1 < count ? from + (row + 1) * row_stride : nullptr, width,
            by_key_.data() + row / W::kElements * padded);
    }
    if (by_width) {
      by_width_.assign(rows / kKeys * width_stride_, Word{});
      std::vector<Word> words(width / W::kElements);
      for (int64_t row = 0; row < count; row++) {
        along<W>(from + row * row_stride, width, words.data());
        Word* to = by_width_.data() + row / kKeys * width_stride_ + row % kKeys;
        for (size_t i = 0; i < words.size(); i++) to[i * kKeys] = words[i];
      }
    }
  }

  // The block that begins at a key.
  const Word* by_key(int64_t key) const { return by_key_.data() + key / kKeys * key_stride_; }
  const Word* by_width(int64_t key) const { return by_width_.data() + key / kKeys * width_stride_; }

 private:
  int64_t key_stride_ = 0, width_stride_ = 0;
  Lines<Word> by_key_, by_width_;
};

// A block of query rows: row i is token `first + i / group`, head `kv_head * group + i % group`.
struct QueryBlock {
  int64_t first, tokens, group, kv_head, heads;
  int64_t rows() const { return tokens * group; }
  int64_t head(int64_t row) const { return (first + row / group) * heads + kv_head * group + row % group; }
};

// The block's rows of x [N, H, E] as words along E.
template <typename W, typename T>
void gather(const T* x, const QueryBlock& block, int64_t width, typename W::Word* to) {
  for (int64_t row = 0; row < block.rows(); row++) along<W>(x + block.head(row) * width, width, to + row * (width / W::kElements));
}

// The block's rows of x as words across rows; columns are padded.
template <typename W, typename T>
void gather_across(const T* x, const QueryBlock& block, int64_t width, int64_t padded, typename W::Word* to) {
  for (int64_t row = 0; row < block.rows(); row += W::kElements)
    across<W>(x + block.head(row) * width, W::kElements > 1 && row + 1 < block.rows() ? x + block.head(row + 1) * width : nullptr, width,
        to + row / W::kElements * padded);
}

int64_t tokens_per_block(int64_t group) { return std::max<int64_t>(1, kQueryRows / group); }

// How many of the block's keys a token may see: all of a parent's, and of its own run those up to itself.
int64_t visible(bool own, int64_t key_block, int64_t keys, int64_t token) {
  int64_t limit = own ? std::min(keys, token + 1) : keys;
  return std::clamp<int64_t>(limit - key_block, 0, kKeys);
}

constexpr float kLog2E = 1.44269504f;
constexpr int kVectors = kKeys / kLanes;  // of a row's scores in a block

// The lanes of vector i that are below `seen`; all bits of such a lane are set.
inline words lanes_seen(int i, int64_t seen) {
  words lane;
  for (int n = 0; n < kLanes; n++) lane[n] = i * kLanes + n;
  return reinterpret_cast<words>(lane < static_cast<uint32_t>(seen));
}

// The lanes of `values` whose bits in `mask` are set, and of `others` where they are not.
inline floats chosen(words mask, floats values, floats others) {
  return reinterpret_cast<floats>((reinterpret_cast<words>(values) & mask) | (reinterpret_cast<words>(others) & ~mask));
}

// The softmax over one row's scores as blocks of them come. Exponents are of base 2.
struct RunningRow {
  float top = -INFINITY, sum = 0;
};

// Turns a row's scores into weights (before division by their sum), and brings what was summed before to the new maximum.
inline void soften(float* scores, int64_t seen, float scale, RunningRow& running, float* sums, int64_t padded) {
  floats values[kVectors], most = broadcast(-INFINITY), sum{};
  bool whole = seen == kKeys;
  for (int i = 0; i < kVectors; i++) {
    values[i] = load(scores + i * kLanes) * scale;
    if (!whole) values[i] = chosen(lanes_seen(i, seen), values[i], broadcast(-INFINITY));
    most = larger(most, values[i]);
  }
  float top = std::max(running.top, largest(most));
  for (int i = 0; i < kVectors; i++) {
    floats weight = power_of_two(values[i] - top);
    if (!whole) weight = chosen(lanes_seen(i, seen), weight, floats{});
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

// Rows of kKeys floats as words along them: the floats themselves, where those are the words.
template <typename W>
const typename W::Word* words_of_scores(const float* scores, int64_t rows, typename W::Word* to) {
  if constexpr (W::kElements == 1) {
    return scores;
  } else {
    for (int64_t i = 0; i < rows * kKeys; i += 2 * kLanes)
      *reinterpret_cast<words_there*>(to + i / 2) = W::along(load(scores + i), load(scores + i + kLanes));
    return to;
  }
}

// The same as words across the rows.
template <typename W>
const typename W::Word* words_across_scores(const float* scores, int64_t rows, typename W::Word* to) {
  if constexpr (W::kElements == 1) {
    return scores;
  } else {
    for (int64_t row = 0; row < rows; row += 2)
      for (int64_t i = 0; i < kKeys; i += kLanes) {
        const float* first = scores + row * kKeys + i;
        *reinterpret_cast<words_there*>(to + row / 2 * kKeys + i) = W::across(load(first), row + 1 < rows ? load(first + kKeys) : floats{});
      }
    return to;
  }
}

// Turns a row's scores into weights, and their gradients into those of the scores (but for the factor of the scores).
inline void differentiate(float* scores, float* gradients, int64_t seen, float scale, float log_sum, float shift) {
  for (int i = 0; i < kVectors; i++) {
    float *score = scores + i * kLanes, *gradient = gradients + i * kLanes;
    floats weight = power_of_two(load(score) * scale - log_sum);
    if (seen < kKeys) weight = chosen(lanes_seen(i, seen), weight, floats{});
    store(score, weight);
    store(gradient, weight * (load(gradient) - shift));
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
  float scale = kLog2E / std::sqrt(static_cast<float>(shape.width));

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
    gather<W>(q, block, shape.width, queries);
    auto against = [&](int64_t run, bool own, int64_t keys) {
      const PackedRows<W>&key_pack = packs[run].keys[block.kv_head], &value_pack = packs[run].values[block.kv_head];
      for (int64_t key = 0; key < keys; key += kKeys) {
        multiply<W>(scores, kKeys, queries, words, 1, key_pack.by_width(key), kKeys, rows, kKeys, words, false);
        for (int64_t row = 0; row < rows; row++)
          soften(scores + row * kKeys, visible(own, key, keys, first + row / group), scale, running[row], sums + row * padded, padded);
        int64_t depth = (std::min(kKeys, keys - key) + W::kElements - 1) / W::kElements;
        multiply<W>(sums, padded, words_of_scores<W>(scores, rows, weights), kKeys / W::kElements, 1, value_pack.by_key(key), padded, rows, padded, depth, true);
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

namespace {

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
    std::vector<float> dkeys, dvalues;
  };

  int64_t group() const { return shape.heads / shape.kv_heads; }
  int64_t padded() const { return round_up(shape.width, kLanes); }
  float scale() const { return 1.0f / std::sqrt(static_cast<float>(shape.width)); }

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
        for (int64_t key = 0; key < keys; key += kKeys) {
          multiply<W>(weights, kKeys, queries, words, 1, pack.keys.by_width(key), kKeys, rows, kKeys, words, false);
          multiply<W>(dweights, kKeys, above, words, 1, pack.values.by_width(key), kKeys, rows, kKeys, words, false);
          for (int64_t row = 0; row < rows; row++)
            differentiate(
                weights + row * kKeys, dweights + row * kKeys, visible(is_own, key, keys, first + row / group()), scale() * kLog2E, log_sums[row], shift[row]);
          const Word* dweights_row = words_of_scores<W>(dweights, rows, dweights_along);
          const Word *weights_column = words_across_scores<W>(weights, rows, weights_across), *dweights_column = words_across_scores<W>(dweights, rows, dweights_across);
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

// Attention of the query heads [group, E] that share a key head, for one row. The scores [group, length in whole blocks] are scratch.
template <typename T>
void attend_heads(
    const float* queries, const T* keys, const T* values, const int64_t* table, int64_t length, int64_t group, int64_t head, CacheShape shape, float* scores,
    float* out) {
  int64_t stride = shape.kv_heads * shape.width * shape.block, base = head * shape.width * shape.block;
  int64_t row = round_up(length, shape.block), blocks = row / shape.block, whole = shape.width / kLanes * kLanes;
  // Blocks lie anywhere in memory: each is fetched while the one before it is multiplied.
  const auto fetch = [=](const T* block) {
    for (int64_t i = 0; i < shape.width * shape.block; i += 64 / static_cast<int64_t>(sizeof(T))) __builtin_prefetch(block + i);
  };
  for (int64_t b = 0; b < blocks; b++) {
    fetch(b + 1 < blocks ? keys + table[b + 1] * stride + base : values + table[0] * stride + base);
    multiply<Widened<T>>(scores + b * shape.block, row, queries, shape.width, 1, keys + table[b] * stride + base, shape.block, group, shape.block, shape.width, false);
  }
  std::fill(out, out + group * shape.width, 0.0f);
  for (int64_t g = 0; g < group; g++) {
    float *s = scores + g * row, top = -INFINITY, sum = 0;
#pragma omp simd reduction(max : top)
    for (int64_t j = 0; j < length; j++) top = std::max(top, s[j]);
#pragma omp simd reduction(+ : sum)
    for (int64_t j = 0; j < length; j++) sum += s[j] = fast_exp(s[j] - top);
    float inverse = 1.0f / sum;
#pragma omp simd
    for (int64_t j = 0; j < length; j++) s[j] *= inverse;
  }
  for (int64_t b = 0; b < blocks; b++) {
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
    attend_heads(queries, keys, values, table, lengths[row], group, head, shape, scores, sums);
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
