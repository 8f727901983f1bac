// What the gated delta rule and its gradient share. A state S [dk, dv] of a value head goes along a sequence: S *= exp(decay);
// d = beta (v - S^T k); S += k d^T; o = S^T q. Rows are taken in chunks (Yang et al., arXiv 2406.06484 and 2412.06464): within a chunk the rows'
// w = d / beta solve a triangular system, and the rest is products of matrices. E[t][s] is the decay from row s to row t.
#pragma once

#include "blocks.h"

namespace rlt {

constexpr int64_t kChunk = 64;    // rows of a chunk
constexpr int64_t kSolved = 16;   // rows of a block of a triangular solve, and of products with a triangle
constexpr float kNormed = 1e-6f;  // added to the sum of squares of a query or key

template <typename T>
struct DeltaInputs {
  const T *q, *k, *v;
  const float *decay, *beta;
  DeltaShape shape;

  int64_t group() const { return shape.heads / shape.key_heads; }
  int64_t key_row() const { return round_up(shape.key_width, kLanes); }
  int64_t value_row() const { return round_up(shape.value_width, kLanes); }
  int64_t state() const { return key_row() * value_row(); }  // floats of a state [key_row][value_row], zeros beyond [dk, dv]
};

// to[column][row] = from[row][column]; rows and columns are multiples of kLanes.
inline void transpose(const float* from, int64_t from_row, int64_t rows, int64_t columns, float* to, int64_t to_row) {
  words turned[kLanes];
  for (int64_t m = 0; m < rows; m += kLanes)
    for (int64_t n = 0; n < columns; n += kLanes) {
      turn([&](int i) { return *reinterpret_cast<const words_there*>(from + (m + i) * from_row + n); }, turned);
      for (int i = 0; i < kLanes; i++) *reinterpret_cast<words_there*>(to + (n + i) * to_row + m) = turned[i];
    }
}

// C (+)= A B of floats; A is [rows, depth], and by_column says that its columns lie side by side.
inline void add_product(
    float* c, int64_t c_row, const float* a, int64_t a_row, bool by_column, const float* b, int64_t b_row, int64_t rows, int64_t columns, int64_t depth,
    bool add = true) {
  multiply<Single>(c, c_row, a, by_column ? 1 : a_row, by_column ? a_row : 1, b, b_row, rows, columns, depth, add);
}

// x = (I + L)^-1 x in place, of the lower triangle L below the diagonal of -m [rows][kChunk].
inline void solve_lower(const float* m, float* x, int64_t width, int64_t rows) {
  for (int64_t first = 0; first < rows; first += kSolved) {
    int64_t count = std::min(kSolved, rows - first);
    const float* block = m + first * kChunk;
    if (first > 0) add_product(x + first * width, width, block, kChunk, false, x, width, count, width, first);
    for (int64_t i = 1; i < count; i++)
      add_product(x + (first + i) * width, width, block + i * kChunk + first, kChunk, false, x + first * width, width, 1, width, i);
  }
}

// x = (I + L^T)^-1 x in place.
inline void solve_upper(const float* m, float* x, int64_t width, int64_t rows) {
  for (int64_t first = (rows - 1) / kSolved * kSolved; first >= 0; first -= kSolved) {
    int64_t end = std::min(first + kSolved, rows);
    if (end < rows) add_product(x + first * width, width, m + end * kChunk + first, kChunk, true, x + end * width, width, end - first, width, rows - end);
    for (int64_t i = end - 2; i >= first; i--)
      add_product(x + i * width, width, m + (i + 1) * kChunk + i, kChunk, true, x + (i + 1) * width, width, 1, width, end - 1 - i);
  }
}

// Reads row `from` of rows that lie `stride` apart. They are short runs of memory far from each other, which processors do not foresee: they are
// fetched ahead.
template <typename T>
void read_row(const T* from, int64_t stride, int64_t count, int64_t padded, float* to) {
  constexpr int64_t ahead = 4;
  for (int64_t i = 0; i < count; i += 64 / static_cast<int64_t>(sizeof(T))) __builtin_prefetch(from + ahead * stride + i);
  widen_row(from, count, padded, to);
}

inline void scale_row(float* row, float factor, int64_t width) {
  for (int64_t i = 0; i < width; i += kLanes) store(row + i, load(row + i) * factor);
}

inline float dot(const float* a, const float* b, int64_t width) {
  floats sum{};
  for (int64_t i = 0; i < width; i += kLanes) sum = fused(load(a + i), load(b + i), sum);
  return total(sum);
}

// A chunk's rows: what all value heads of a key head share, and then what one value head makes of it.
template <typename T>
struct DeltaChunk {
  const DeltaInputs<T>& in;
  int64_t first = 0, rows = 0;

  // Normalised queries and then keys, [2 rows][key_row]; the keys as columns, [key_row][kChunk]; queries and then keys times keys, [2 rows][kChunk];
  // the factors that normalised them.
  float *sides, *key_columns, *products, *inverse;

  // E [rows][kChunk] and its last row; the decay from the chunk's start to each row; beta, with zeros at its end.
  float *between, *rest, *reach, *beta;

  // Queries and then keys times the chunk's first state; the latter become the rows' w. Space for a triangle, and for scaled rows.
  float *read, *triangle, *scaled;

  static int64_t floats_of(const DeltaInputs<T>& in) {
    return (2 * kChunk + kLanes) * in.key_row() + in.key_row() * kChunk + 4 * kChunk * kChunk + 5 * kChunk + 3 * kChunk * in.value_row();
  }

  DeltaChunk(const DeltaInputs<T>& inputs, float* memory) : in(inputs) {
    auto take = [&](int64_t count) { return (memory += count) - count; };
    sides = take((2 * kChunk + kLanes) * in.key_row());
    key_columns = take(in.key_row() * kChunk);
    products = take(2 * kChunk * kChunk);
    between = take(kChunk * kChunk);
    triangle = take(kChunk * kChunk);
    inverse = take(2 * kChunk);
    reach = take(kChunk);
    beta = take(kChunk);
    rest = take(kChunk);
    read = take(2 * kChunk * in.value_row());
    scaled = take(kChunk * in.value_row());
  }

  float* keys() const { return sides + rows * in.key_row(); }
  float* w() const { return read + rows * in.value_row(); }
  int64_t columns() const { return round_up(rows, kLanes); }

  // Reads the rows' keys, and queries where they are wanted.
  void read_keys(int64_t first_row, int64_t count, int64_t key_head, bool with_queries) {
    first = first_row, rows = count;
    int64_t row = in.key_row();
    if (with_queries) normalise(in.q, key_head, 1.0f / std::sqrt(static_cast<float>(in.shape.key_width)), sides, inverse);
    normalise(in.k, key_head, 1.0f, keys(), inverse + rows);
    std::fill(keys() + rows * row, keys() + columns() * row, 0.0f);
    transpose(keys(), row, columns(), row, key_columns, kChunk);
    for (int64_t side = with_queries ? 0 : 1; side < 2; side++)
      for (int64_t at = 0; at < rows; at += kSolved * 2) {
        int64_t end = std::min(at + kSolved * 2, rows), from = side * rows + at;
        add_product(
            products + from * kChunk, kChunk, sides + from * row, row, false, key_columns, kChunk, end - at, round_up(end, kLanes), in.shape.key_width, false);
      }
  }

  // Reads one value head's decays and betas. Sums of decays are of two floats each, so that their differences are exact; 0 is below 2^-100.
  void read_decays(int64_t head) {
    constexpr float least = -1e4f;
    float high[kChunk] = {}, low[kChunk] = {};
    double sum = 0;
    for (int64_t t = 0; t < rows; t++) {
      int64_t at = (first + t) * in.shape.heads + head;
      sum += std::max(in.decay[at], least) * 1.4426950408889634;
      high[t] = static_cast<float>(sum);
      low[t] = static_cast<float>(sum - high[t]);
      beta[t] = in.beta[at];
    }
    std::fill(beta + rows, beta + kChunk, 0.0f);
    auto power = [](floats x) { return chosen(reinterpret_cast<words>(x >= -100.0f), power_of_two(x), floats{}); };
    for (int64_t i = 0; i < kChunk; i += kLanes) store(reach + i, power(load(high + i)));
    for (int64_t t = 0; t < rows; t++)
      for (int64_t i = 0; i < kChunk; i += kLanes) {
        floats decay{};
        if (i <= t) decay = power((high[t] - load(high + i)) + (low[t] - load(low + i)));
        if (i + kLanes > t + 1) decay = chosen(lanes_within(0, 0, t + 1 - i), decay, floats{});
        store(between + t * kChunk + i, decay);
      }
    std::copy_n(between + (rows - 1) * kChunk, kChunk, rest);
  }

  float decay_of_all() const { return reach[rows - 1]; }

  // m[t][s] = factor of row t, beta[s] and E[t][s] times a product of queries (side 0) or keys (side 1).
  void weigh(int64_t side, float factor) {
    const float* product = products + side * rows * kChunk;
    for (int64_t t = 0; t < rows; t++)
      for (int64_t i = 0; i < columns(); i += kLanes) {
        int64_t at = t * kChunk + i;
        floats value = i <= t ? load(product + at) * load(between + at) * load(beta + i) * factor : floats{};
        store(triangle + at, value);
      }
  }

  // Solves for the rows' w, given the first state or null for zeros, and reads it with the queries where they are wanted.
  void solve(int64_t head, const float* state, bool with_queries) {
    int64_t row = in.key_row(), width = in.value_row(), dv = in.shape.value_width;
    int64_t from = with_queries ? 0 : rows;
    if (state != nullptr)
      add_product(read + from * width, width, sides + from * row, row, false, state, width, 2 * rows - from, width, in.shape.key_width, false);
    for (int64_t t = 0; t < rows; t++) {
      float *to = w() + t * width, *value = scaled;
      read_row(in.v + ((first + t) * in.shape.heads + head) * dv, in.shape.heads * dv, dv, width, value);
      if (state == nullptr) std::copy_n(value, width, to);
      else
        for (int64_t i = 0; i < width; i += kLanes) store(to + i, fused(load(to + i), broadcast(-reach[t]), load(value + i)));
    }
    weigh(1, -1.0f);
    solve_lower(triangle, w(), width, rows);
  }

  // The results of the rows in the place of what their queries read.
  void results(bool empty) {
    int64_t width = in.value_row();
    if (!empty)
      for (int64_t t = 0; t < rows; t++) scale_row(read + t * width, reach[t], width);
    weigh(0, 1.0f);
    for (int64_t t = 0; t < rows; t += kSolved) {
      int64_t end = std::min(t + kSolved, rows);
      add_product(read + t * width, width, triangle + t * kChunk, kChunk, false, w(), width, end - t, width, end, !empty);
    }
  }

  // The state after the chunk of that before it (null for zeros), which may be the same memory.
  void advance(const float* before, float* after) {
    int64_t width = in.value_row(), dk = in.shape.key_width;
    for (int64_t s = 0; s < rows; s++)
      for (int64_t i = 0; i < width; i += kLanes) store(scaled + s * width + i, load(w() + s * width + i) * (rest[s] * beta[s]));
    if (before == nullptr) std::fill(after + dk * width, after + in.state(), 0.0f);
    else
      for (int64_t i = 0; i < in.state(); i += kLanes) store(after + i, load(before + i) * decay_of_all());
    add_product(after, width, keys(), in.key_row(), true, scaled, width, dk, width, rows, before != nullptr);
  }

 private:
  void normalise(const T* from, int64_t key_head, float factor, float* to, float* factors) {
    int64_t dk = in.shape.key_width, row = in.key_row();
    for (int64_t t = 0; t < rows; t++, to += row) {
      read_row(from + ((first + t) * in.shape.key_heads + key_head) * dk, in.shape.key_heads * dk, dk, row, to);
      factors[t] = factor / std::sqrt(dot(to, to, row) + kNormed);
      scale_row(to, factors[t], row);
    }
  }
};

}  // namespace rlt
