// The gated delta rule along sequences, and a decoding step of it.
#include "delta.h"

namespace rlt {
namespace {

// Some value heads of one key head over a segment: [states of the heads] in place.
template <typename T>
void along_segment(
    DeltaChunk<T>& chunk, const Segment& segment, int64_t key_head, int64_t head, int64_t heads, float* states, bool empty, bool ends_used, T* out) {
  const DeltaInputs<T>& in = chunk.in;
  int64_t width = in.value_row(), dv = in.shape.value_width;
  for (int64_t at = 0; at < segment.length; at += kChunk, empty = false) {
    chunk.read_keys(segment.start + at, std::min(kChunk, segment.length - at), key_head, true);
    for (int64_t h = 0; h < heads; h++) {
      float *state = states + h * in.state(), *before = empty ? nullptr : state;
      chunk.read_decays(head + h);
      chunk.solve(head + h, before, true);
      chunk.results(empty);
      for (int64_t t = 0; t < chunk.rows; t++)
        narrow_row(chunk.read + t * width, dv, out + ((chunk.first + t) * in.shape.heads + head + h) * dv);
      if (ends_used || at + kChunk < segment.length) chunk.advance(before, state);
    }
  }
}

// One head's step for columns that fill NV vectors, from `at` on: the state is read, and then written while it is in the cache.
template <int NV, typename T>
void step_columns(
    float* state, int64_t row, const float* q, const float* k, int64_t dk, float decay, float beta, float along, const T* v, T* out) {
  floats seen[NV] = {}, asked[NV] = {};
  for (int64_t m = 0; m < dk; m++)
    for (int i = 0; i < NV; i++) {
      floats s = load(state + m * row + i * kLanes);
      seen[i] = fused(broadcast(k[m]), s, seen[i]);
      asked[i] = fused(broadcast(q[m]), s, asked[i]);
    }
  for (int i = 0; i < NV; i++) {
    seen[i] = (load(v + i * kLanes) - seen[i] * decay) * beta;
    store(out + i * kLanes, asked[i] * decay + seen[i] * along);
  }
  for (int64_t m = 0; m < dk; m++)
    for (int i = 0; i < NV; i++) {
      float* s = state + m * row + i * kLanes;
      store(s, fused(broadcast(k[m]), seen[i], load(s) * decay));
    }
}

template <typename T>
void step_head(float* state, int64_t dv, const float* q, const float* k, int64_t dk, float decay, float beta, const T* v, T* out) {
  float along = 0;
  for (int64_t m = 0; m < dk; m++) along += q[m] * k[m];
  int64_t n = 0;
  for (; n + 4 * kLanes <= dv; n += 4 * kLanes) step_columns<4>(state + n, dv, q, k, dk, decay, beta, along, v + n, out + n);
  for (; n + kLanes <= dv; n += kLanes) step_columns<1>(state + n, dv, q, k, dk, decay, beta, along, v + n, out + n);
  for (; n < dv; n++) {
    float seen = 0, asked = 0;
    for (int64_t m = 0; m < dk; m++) seen += k[m] * state[m * dv + n], asked += q[m] * state[m * dv + n];
    float d = beta * (widen(v[n]) - decay * seen);
    store(&out[n], decay * asked + along * d);
    for (int64_t m = 0; m < dk; m++) state[m * dv + n] = decay * state[m * dv + n] + k[m] * d;
  }
}

}  // namespace

template <typename T>
void gated_delta(
    const T* q, const T* k, const T* v, const float* decay, const float* beta, const Segment* segments, int64_t count, DeltaShape shape, T* out, float* ends) {
  DeltaInputs<T> in{q, k, v, decay, beta, shape};
  SegmentTrees trees(segments, count);
  // The value heads of a key head share its products, where there is work enough for all threads.
  int64_t roots = static_cast<int64_t>(trees.roots.size()), heads = roots * shape.key_heads < 2 * thread_count() ? 1 : in.group();
  int64_t items = shape.heads / heads;
  parallel_items(roots * items, [&](int64_t item) {
    int64_t root = trees.roots[item / items], head = item % items * heads, key_head = head / in.group();
    int64_t states = heads * in.state();
    float* memory = scratch<struct DeltaMemory, float>(2 * states + DeltaChunk<T>::floats_of(in));
    DeltaChunk<T> chunk(in, memory + 2 * states);
    auto run = [&](int64_t s, float* state, bool empty) {
      along_segment(chunk, segments[s], key_head, head, heads, state, empty, ends != nullptr || !trees.children[s].empty(), out);
      for (int64_t i = 0; ends != nullptr && i < heads * shape.key_width; i++)
        std::copy_n(state + i / shape.key_width * in.state() + i % shape.key_width * in.value_row(), shape.value_width,
            ends + ((s * shape.heads + head) * shape.key_width + i) * shape.value_width);
    };
    std::fill(memory, memory + states, 0.0f);
    run(root, memory, true);
    for (int64_t child : trees.children[root]) {
      std::copy_n(memory, states, memory + states);
      run(child, memory + states, segments[root].length == 0);
    }
  });
}

template <typename T>
void gated_delta_step(
    const T* q, const T* k, const T* v, const float* decay, const float* beta, float* states, const int64_t* slots, DeltaShape shape, T* out) {
  int64_t dk = shape.key_width, dv = shape.value_width, group = shape.heads / shape.key_heads;
  parallel_ranges(shape.rows * shape.heads, std::max<int64_t>(1, 16384 / (dk * dv)), [=](int64_t begin, int64_t end) {
    int64_t row = round_up(dk, kLanes);
    float *query = scratch<struct DeltaStep, float>(2 * row), *key = query + row;
    for (int64_t item = begin; item < end; item++) {
      int64_t key_at = (item / shape.heads * shape.key_heads + item % shape.heads / group) * dk;
      widen_row(q + key_at, dk, row, query);
      widen_row(k + key_at, dk, row, key);
      scale_row(query, 1.0f / std::sqrt((dot(query, query, row) + kNormed) * dk), row);
      scale_row(key, 1.0f / std::sqrt(dot(key, key, row) + kNormed), row);
      float* state = states + (slots[item / shape.heads] * shape.heads + item % shape.heads) * dk * dv;
      step_head(state, dv, query, key, dk, fast_exp(decay[item]), beta[item], v + item * dv, out + item * dv);
    }
  });
}

#define RLT_FOR(T)                                                                                                                          \
  template void gated_delta<T>(const T*, const T*, const T*, const float*, const float*, const Segment*, int64_t, DeltaShape, T*, float*);  \
  template void gated_delta_step<T>(const T*, const T*, const T*, const float*, const float*, float*, const int64_t*, DeltaShape, T*);

RLT_FOR(float)
RLT_FOR(bf16)

}  // namespace rlt
