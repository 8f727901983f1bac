// What attention and its gradient share: blocks of queries and of keys, as words, and the lanes of a row's scores.
#pragma once

#include <algorithm>
#include <unordered_map>
#include <vector>

#include "kernels.h"
#include "multiply.h"

namespace rlt {

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

inline int64_t tokens_per_block(int64_t group) { return std::max<int64_t>(1, kQueryRows / group); }

// Which keys of a run a token may see: all of a parent's, and of its own run those up to itself; of both no more than the last `window`, where that is
// not 0.
struct Sight {
  int64_t from, to;

  Sight(bool own, int64_t parent_length, int64_t keys, int64_t token, int64_t window)
      : from(window == 0 ? 0 : std::max<int64_t>(0, (own ? token : parent_length + token) + 1 - window)), to(own ? std::min(keys, token + 1) : keys) {}

  // The part in the block of keys that begins at a key.
  Sight in_block(int64_t key) const {
    Sight part = *this;
    part.from = std::clamp<int64_t>(from - key, 0, kKeys);
    part.to = std::clamp<int64_t>(to - key, 0, kKeys);
    return part;
  }

  bool all() const { return from == 0 && to == kKeys; }
  bool none() const { return from >= to; }
};

// The block of keys from which on a run is seen.
inline int64_t first_block(const Sight& sight) { return sight.from / kKeys * kKeys; }

constexpr float kLog2E = 1.44269504f;
constexpr int kVectors = kKeys / kLanes;  // of a row's scores in a block

// The lanes of vector i whose numbers are in a range; all bits of such a lane are set.
inline words lanes_within(int i, int64_t from, int64_t to) {
  words lane;
  for (int n = 0; n < kLanes; n++) lane[n] = i * kLanes + n;
  return reinterpret_cast<words>(lane - static_cast<uint32_t>(from) < static_cast<uint32_t>(std::max<int64_t>(0, to - from)));
}
inline words lanes_seen(int i, const Sight& sight) { return lanes_within(i, sight.from, sight.to); }

// The lanes of `values` whose bits in `mask` are set, and of `others` where they are not.
inline floats chosen(words mask, floats values, floats others) {
  return reinterpret_cast<floats>((reinterpret_cast<words>(values) & mask) | (reinterpret_cast<words>(others) & ~mask));
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

// The index of each segment's parent, -1 where there is none.
inline std::vector<int64_t> parents_of(const Segment* segments, int64_t count) {
  std::unordered_map<int64_t, int64_t> by_start;
  for (int64_t s = 0; s < count; s++) by_start[segments[s].start] = s;
  std::vector<int64_t> parents(count, -1);
  for (int64_t s = 0; s < count; s++)
    if (segments[s].parent_length > 0) parents[s] = by_start.at(segments[s].parent_start);
  return parents;
}

// The trees of segments: those without parent, and the children of each.
struct SegmentTrees {
  std::vector<int64_t> roots;
  std::vector<std::vector<int64_t>> children;

  SegmentTrees(const Segment* segments, int64_t count) : children(count) {
    std::vector<int64_t> parents = parents_of(segments, count);
    for (int64_t s = 0; s < count; s++) {
      if (parents[s] >= 0) children[parents[s]].push_back(s);
      else roots.push_back(s);
    }
  }
};

}  // namespace rlt
