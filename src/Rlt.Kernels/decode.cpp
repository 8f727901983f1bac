// A decoding step in one call: between the products of a few rows, calls of single operators would take longer than the products.
#include "kernels.h"
#include "lanes.h"
#include "product.h"

namespace rlt {
namespace {

template <typename T>
constexpr Element kElement = std::is_same<T, float>::value ? Element::kFloat : Element::kBf16;

// What a layer computes on its way, one after another in memory.
template <typename T>
class Buffers {
 public:
  explicit Buffers(int64_t count) : next_(scratch<struct StepMemory, T>(count)) {}

  T* take(int64_t count) {
    T* taken = next_;
    next_ += count;
    return taken;
  }

 private:
  T* next_;
};

}  // namespace

template <typename T, typename W>
void decode(T* x, const LayerWeights* layers, const LayerCache* caches, StepShape shape, StepPlaces places) {
  int64_t rows = shape.rows, width = shape.width, size = shape.cache.width, inner = shape.inner;
  int64_t queries = shape.heads * size, keys = shape.cache.kv_heads * size;
  Buffers<T> buffers(rows * (2 * width + 2 * queries + 2 * keys + 2 * inner));
  T *normed = buffers.take(rows * width), *delta = buffers.take(rows * width), *q = buffers.take(rows * queries), *k = buffers.take(rows * keys);
  T *v = buffers.take(rows * keys), *attended = buffers.take(rows * queries), *gate = buffers.take(rows * inner), *up = buffers.take(rows * inner);
  float* scales = scratch<struct StepScales, float>(rows * std::max<int64_t>(1, shape.heads));

  auto map = [=](const MapWeights& weights, const T* from, int64_t inputs, T* to, int64_t outputs) {
    linear_rows(from, kElement<T>, weights.weight, kElement<W>, weights.bias, to, rows, inputs, outputs);
  };
  auto norm = [=](const void* weight, const T* from, const T* added, T* sum, T* to, int64_t count, int64_t length) {
    rms_norm(from, added, static_cast<const W*>(weight), 0, shape.epsilon, sum, to, scales, count, length);
  };
  auto turned = [=](const void* norm_weight, T* heads, int64_t count) {
    if (norm_weight != nullptr) norm(norm_weight, heads, nullptr, nullptr, heads, rows * count, size);
    rotate(heads, places.cos, places.sin, places.positions, 1, heads, rows, {count, size, size});
  };

  const T* added = nullptr;  // what the layer before adds to x
  for (int64_t i = 0; i < shape.layers; i++, added = delta) {
    const LayerWeights& layer = layers[i];
    T *cached_keys = static_cast<T*>(caches[i].keys), *cached_values = static_cast<T*>(caches[i].values);
    norm(layer.input_norm, x, added, x, normed, rows, width);
    map(layer.query, normed, width, q, queries);
    map(layer.key, normed, width, k, keys);
    map(layer.value, normed, width, v, keys);
    turned(layer.query_norm, q, shape.heads);
    turned(layer.key_norm, k, shape.cache.kv_heads);
    cache_write(k, v, places.slots, cached_keys, cached_values, shape.cache, rows);
    cache_attention(q, cached_keys, cached_values, places.tables, places.table_width, places.lengths, shape.cache, {0, nullptr, shape.scale}, rows,
        shape.heads, attended);
    map(layer.output, attended, queries, delta, width);
    norm(layer.post_norm, x, delta, x, normed, rows, width);
    map(layer.gate, normed, width, gate, inner);
    map(layer.up, normed, width, up, inner);
    swiglu(gate, up, gate, rows * inner);
    map(layer.down, gate, inner, delta, width);
  }
  for (int64_t i = 0; added != nullptr && i < rows * width; i++) store(&x[i], widen(x[i]) + widen(added[i]));
}

template void decode<float, float>(float*, const LayerWeights*, const LayerCache*, StepShape, StepPlaces);
template void decode<float, bf16>(float*, const LayerWeights*, const LayerCache*, StepShape, StepPlaces);
template void decode<bf16, float>(bf16*, const LayerWeights*, const LayerCache*, StepShape, StepPlaces);
template void decode<bf16, bf16>(bf16*, const LayerWeights*, const LayerCache*, StepShape, StepPlaces);

}  // namespace rlt
