// The gradients of the gated delta rule. Nothing but its inputs is kept: the state before each chunk and the rows' w are computed again, for one tree and
// key head at a time, and chunks are then taken from the last to the first with the gradient of the state after each.
#include <memory>

#include "delta.h"

namespace rlt {
namespace {

// Floats that start at a cache line, with any values.
struct Freed {
  void operator()(float* memory) const { std::free(memory); }
};
using Floats = std::unique_ptr<float[], Freed>;

Floats floats_at_line(int64_t count) { return Floats(static_cast<float*>(std::aligned_alloc(64, round_up(count * sizeof(float), 64)))); }

// One key head's value heads over one tree: a run without parent and the runs that have it as parent.
template <typename T>
struct DeltaBackward {
  const DeltaInputs<T>& in;
  const T* dout;
  T *dq, *dk, *dv;
  float *ddecay, *dbeta;
  int64_t key_head;
  DeltaChunk<T> chunk;

  // Gradients of what queries and then keys read, [2 rows][value_row]; of the rows' d; the rows' d and as columns, [value_row][kChunk]; gradients of the
  // products; of the queries and then keys as readers, [2 rows][key_row], and of keys as writers; sums of both over the value heads; turned states.
  float *above, *dd, *d, *d_columns, *dproducts, *readers, *writers, *sums, *turned;

  static int64_t floats_of(const DeltaInputs<T>& in) {
    return DeltaChunk<T>::floats_of(in) + kChunk * (5 * in.value_row() + 2 * kChunk + 5 * in.key_row()) + in.state();
  }

  DeltaBackward(const DeltaInputs<T>& inputs, float* memory) : in(inputs), chunk(inputs, memory) {
    memory += DeltaChunk<T>::floats_of(in);
    auto take = [&](int64_t count) { return (memory += count) - count; };
    above = take(2 * kChunk * in.value_row());
    dd = take(kChunk * in.value_row());
    d = take(kChunk * in.value_row());
    d_columns = take(kChunk * in.value_row());
    dproducts = take(2 * kChunk * kChunk);
    readers = take(2 * kChunk * in.key_row());
    writers = take(kChunk * in.key_row());
    sums = take(2 * kChunk * in.key_row());
    turned = take(in.state());
  }

  static int64_t chunks(const Segment& segment) { return (segment.length + kChunk - 1) / kChunk; }
  int64_t head(int64_t h) const { return key_head * in.group() + h; }
  int64_t chunk_floats() const { return in.state() + kChunk * in.value_row(); }  // of a chunk's first state and w

  // Memory of a segment: for each value head, and each of its chunks and the end, the state and the rows' w.
  float* state(float* kept, const Segment& segment, int64_t h, int64_t index) const {
    return kept + (h * (chunks(segment) + 1) + index) * chunk_floats();
  }
  int64_t floats_for(const Segment& segment) const { return in.group() * (chunks(segment) + 1) * chunk_floats(); }

  void select(const Segment& segment, int64_t index, bool with_queries) {
    chunk.read_keys(segment.start + index * kChunk, std::min(kChunk, segment.length - index * kChunk), key_head, with_queries);
  }

  // Computes the states and w again; the first state is in its place but where it is empty.
  void forward(const Segment& segment, bool empty, bool end_used, float* kept) {
    for (int64_t c = 0; c < chunks(segment); c++, empty = false) {
      select(segment, c, false);
      for (int64_t h = 0; h < in.group(); h++) {
        float *before = state(kept, segment, h, c), *after = state(kept, segment, h, c + 1);
        chunk.read_decays(head(h));
        chunk.solve(head(h), empty ? nullptr : before, false);
        std::copy_n(chunk.w(), chunk.rows * in.value_row(), before + in.state());
        if (end_used || c + 1 < chunks(segment)) chunk.advance(empty ? nullptr : before, after);
      }
    }
  }

  // dstates, one for each value head: on entry by the states after the segment, on return by those before it.
  void backward(const Segment& segment, bool empty, bool end_used, float* kept, float* dstates) {
    for (int64_t c = chunks(segment) - 1; c >= 0; c--) {
      select(segment, c, true);
      std::fill(sums, sums + 2 * chunk.rows * in.key_row(), 0.0f);
      for (int64_t h = 0; h < in.group(); h++) {
        const float* before = state(kept, segment, h, c);
        head_backward(head(h), empty && c == 0 ? nullptr : before, before + in.state(), end_used || c + 1 < chunks(segment), dstates + h * in.state());
      }
      denormalise(sums, chunk.sides, chunk.inverse, dq);
      denormalise(sums + chunk.rows * in.key_row(), chunk.keys(), chunk.inverse + chunk.rows, dk);
    }
  }

  // One value head's part of a chunk, whose first state is null for zeros.
  void head_backward(int64_t head, const float* state, const float* w, bool end_used, float* dstate) {
    int64_t rows = chunk.rows, width = in.value_row(), key_row = in.key_row(), key_width = in.shape.key_width, value_width = in.shape.value_width;
    float *keys = chunk.keys(), *above_keys = above + rows * width, *read_keys = readers + rows * key_row;
    chunk.read_decays(head);
    for (int64_t t = 0; t < rows; t++)
      read_row(
          dout + ((chunk.first + t) * in.shape.heads + head) * value_width, in.shape.heads * value_width, value_width, width, above + t * width);

    // Of the rows' d: by the state after them, by their results, and by the rows that solve for them.
    if (end_used) {
      add_product(dd, width, keys, key_row, false, dstate, width, rows, width, key_width, false);
      for (int64_t s = 0; s < rows; s++) scale_row(dd + s * width, chunk.rest[s], width);
    }
    weigh(chunk.products, false, chunk.triangle);
    for (int64_t s = 0; s < rows; s += kSolved) {
      const float* weights = chunk.triangle + s * kChunk + s;
      add_product(dd + s * width, width, weights, kChunk, true, above + s * width, width, std::min(kSolved, rows - s), width, rows - s, end_used);
    }
    weigh(chunk.products + rows * kChunk, true, chunk.triangle);
    solve_upper(chunk.triangle, dd, width, rows);

    // By values and betas, and by what the keys read.
    for (int64_t t = 0; t < rows; t++) {
      int64_t at = (chunk.first + t) * in.shape.heads + head;
      float beta = chunk.beta[t];
      dbeta[at] = dot(dd + t * width, w + t * width, width);
      for (int64_t i = 0; i < width; i += kLanes) {
        store(above_keys + t * width + i, load(dd + t * width + i) * -beta);
        store(d + t * width + i, load(w + t * width + i) * beta);
      }
#pragma omp simd
      for (int64_t i = 0; i < value_width; i++) store(&dv[at * value_width + i], dd[t * width + i] * beta);
    }
    std::fill(d + rows * width, d + chunk.columns() * width, 0.0f);

    // By the products, and from them and the state by queries and keys.
    transpose(d, width, chunk.columns(), width, d_columns, kChunk);
    for (int64_t side = 0; side < 2; side++)
      for (int64_t t = 0; t < rows; t += 2 * kSolved) {
        int64_t end = std::min(t + 2 * kSolved, rows), at = side * rows + t;
        add_product(dproducts + at * kChunk, kChunk, above + at * width, width, false, d_columns, kChunk, end - t, round_up(end, kLanes), value_width, false);
      }
    weigh(dproducts, false, dproducts);
    weigh(dproducts + rows * kChunk, false, dproducts + rows * kChunk);
    for (int64_t t = 0; t < rows; t++) dproducts[(rows + t) * kChunk + t] = 0;
    for (int64_t i = 0; i < 2 * rows; i++) scale_row(above + i * width, chunk.reach[i % rows], width);
    if (state != nullptr) {
      transpose(state, width, key_row, width, turned, key_row);
      add_product(readers, key_row, above, width, false, turned, key_row, 2 * rows, key_row, value_width, false);
    }
    for (int64_t side = 0; side < 2; side++)
      for (int64_t t = 0; t < rows; t += kSolved) {
        int64_t end = std::min(t + kSolved, rows), at = side * rows + t;
        add_product(readers + at * key_row, key_row, dproducts + at * kChunk, kChunk, false, keys, key_row, end - t, key_row, end, state != nullptr);
      }
    float last = 0;
    if (end_used) {
      transpose(dstate, width, key_row, width, turned, key_row);
      add_product(writers, key_row, d, width, false, turned, key_row, rows, key_row, value_width, false);
      for (int64_t s = 0; s < rows; s++) {
        scale_row(writers + s * key_row, chunk.rest[s], key_row);
        last += dot(writers + s * key_row, keys + s * key_row, key_row);
      }
      if (state != nullptr) last += chunk.decay_of_all() * dot(dstate, state, in.state());
    }
    for (int64_t side = 0; side < 2; side++)
      for (int64_t s = 0; s < rows; s += kSolved) {
        const float* weights = dproducts + (side * rows + s) * kChunk + s;
        add_product(
            writers + s * key_row, key_row, weights, kChunk, true, chunk.sides + (side * rows + s) * key_row, key_row, std::min(kSolved, rows - s), key_row,
            rows - s, end_used || side > 0);
      }

    // By the decays: a row's decay scales what it and the rows after it read of those before it.
    double decays = last;
    for (int64_t t = rows - 1; t >= 0; t--) {
      const float *query = chunk.sides + t * key_row, *key = keys + t * key_row;
      decays += dot(query, readers + t * key_row, key_row) + dot(key, read_keys + t * key_row, key_row) - dot(key, writers + t * key_row, key_row);
      ddecay[(chunk.first + t) * in.shape.heads + head] = static_cast<float>(decays);
    }
    for (int64_t i = 0; i < 2 * rows * key_row; i += kLanes) {
      floats part = load(readers + i);
      if (i >= rows * key_row) part += load(writers + i - rows * key_row);
      store(sums + i, load(sums + i) + part);
    }

    // By the state before the chunk.
    if (state == nullptr) return;
    if (end_used)
      for (int64_t i = 0; i < in.state(); i += kLanes) store(dstate + i, load(dstate + i) * chunk.decay_of_all());
    add_product(dstate, width, chunk.sides, key_row, true, above, width, key_width, width, 2 * rows, end_used);
  }

  // to[t][s] = E[t][s] from[t][s], times beta[t] where it is asked for; 0 above the diagonal.
  void weigh(const float* from, bool by_beta, float* to) {
    for (int64_t t = 0; t < chunk.rows; t++) {
      float factor = by_beta ? -chunk.beta[t] : 1.0f;
      for (int64_t i = 0; i < chunk.columns(); i += kLanes) {
        int64_t at = t * kChunk + i;
        store(to + at, i <= t ? load(from + at) * load(chunk.between + at) * factor : floats{});
      }
    }
  }

  // The gradients by rows of queries or keys from those by the normalised ones.
  void denormalise(const float* gradients, const float* normed, const float* factors, T* to) {
    int64_t width = in.shape.key_width;
    float factor = normed == chunk.sides ? static_cast<float>(width) : 1.0f;  // undoes the square of the queries' scale
    for (int64_t t = 0; t < chunk.rows; t++, gradients += in.key_row(), normed += in.key_row()) {
      float along = dot(gradients, normed, in.key_row()) * factor;
      T* row = to + ((chunk.first + t) * in.shape.key_heads + key_head) * width;
#pragma omp simd
      for (int64_t i = 0; i < width; i++) store(&row[i], factors[t] * (gradients[i] - normed[i] * along));
    }
  }
};

}  // namespace

template <typename T>
void gated_delta_backward(
    const T* dout, const T* q, const T* k, const T* v, const float* decay, const float* beta, const Segment* segments, int64_t count, DeltaShape shape,
    T* dq, T* dk, T* dv, float* ddecay, float* dbeta) {
  DeltaInputs<T> in{q, k, v, decay, beta, shape};
  SegmentTrees trees(segments, count);
  parallel_items(static_cast<int64_t>(trees.roots.size()) * shape.key_heads, [&](int64_t item) {
    int64_t at = trees.roots[item / shape.key_heads], states = in.group() * in.state();
    const Segment& root = segments[at];
    float* memory = scratch<struct DeltaMemory, float>(2 * states + DeltaBackward<T>::floats_of(in));
    float *droot = memory, *dchild = memory + states;
    DeltaBackward<T> work(in, memory + 2 * states);
    work.dout = dout, work.dq = dq, work.dk = dk, work.dv = dv, work.ddecay = ddecay, work.dbeta = dbeta, work.key_head = item % shape.key_heads;
    const std::vector<int64_t>& children = trees.children[at];
    bool empty = root.length == 0;
    int64_t longest = 0;
    for (int64_t s : children) longest = std::max(longest, work.floats_for(segments[s]));
    Floats trunk = floats_at_line(work.floats_for(root)), branch = floats_at_line(longest);
    work.forward(root, true, !children.empty(), trunk.get());
    std::fill(droot, droot + states, 0.0f);
    for (int64_t s : children) {
      for (int64_t h = 0; h < in.group() && !empty; h++)
        std::copy_n(work.state(trunk.get(), root, h, work.chunks(root)), in.state(), work.state(branch.get(), segments[s], h, 0));
      std::fill(dchild, dchild + states, 0.0f);
      work.forward(segments[s], empty, false, branch.get());
      work.backward(segments[s], empty, false, branch.get(), dchild);
      for (int64_t i = 0; i < states; i += kLanes) store(droot + i, load(droot + i) + load(dchild + i));
    }
    work.backward(root, true, !children.empty(), trunk.get(), droot);
  });
}

#define RLT_FOR(T)                                                                                                                          \
  template void gated_delta_backward<T>(                                                                                                   \
      const T*, const T*, const T*, const T*, const float*, const float*, const Segment*, int64_t, DeltaShape, T*, T*, T*, float*, float*);

RLT_FOR(float)
RLT_FOR(bf16)

}  // namespace rlt
