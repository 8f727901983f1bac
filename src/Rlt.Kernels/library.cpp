// What the program calls: the kernels by C names. Types are 0 for float, 1 for bf16; pointers may be null where kernels.h says so. The caller
// checks types, shapes and contiguity.
#include <algorithm>
#include <atomic>

#include "kernels.h"
#include "product.h"

#define RLT_API extern "C" __attribute__((visibility("default")))

namespace rlt {
namespace {

// libtorch's own threads, given by the caller: a second pool of threads would compete with them.
using Range = void (*)(int64_t begin, int64_t end, void* context);
int32_t (*parallel_for)(int64_t begin, int64_t end, int64_t grain, Range range, void* context);
int32_t (*get_num_threads)(uint32_t* count);

// Calls body with a null pointer of the element type.
template <typename Body>
void by_type(int32_t type, Body body) {
  type == 0 ? body(static_cast<float*>(nullptr)) : body(static_cast<bf16*>(nullptr));
}

}  // namespace

void parallel_ranges(int64_t count, int64_t grain, const std::function<void(int64_t, int64_t)>& body) {
  parallel_for(0, count, grain,
      [](int64_t begin, int64_t end, void* context) { (*static_cast<const std::function<void(int64_t, int64_t)>*>(context))(begin, end); },
      const_cast<std::function<void(int64_t, int64_t)>*>(&body));
}

int64_t thread_count() {
  uint32_t threads = 1;
  get_num_threads(&threads);
  return threads;
}

void parallel_items(int64_t count, const std::function<void(int64_t)>& body) {
  std::atomic<int64_t> next{0};
  parallel_ranges(std::min(count, thread_count()), 1, [&](int64_t, int64_t) {
    for (int64_t i = next++; i < count; i = next++) body(i);
  });
}

}  // namespace rlt

using namespace rlt;

// One type T, or T of what is computed and W of weights.
#define RLT_TYPED(type, ...)                             \
  by_type(type, [&](auto* element) {                     \
    using T = std::remove_pointer_t<decltype(element)>;  \
    __VA_ARGS__;                                         \
  })
#define RLT_TYPED_WITH_WEIGHTS(type, weight_type, ...) RLT_TYPED(type, by_type(weight_type, [&](auto* other) { \
    using W = std::remove_pointer_t<decltype(other)>;                                                          \
    __VA_ARGS__;                                                                                               \
  }))

template <typename T>
const T* in(const void* pointer) {
  return static_cast<const T*>(pointer);
}

template <typename T>
T* out(void* pointer) {
  return static_cast<T*>(pointer);
}

RLT_API void rlt_use_threads(decltype(parallel_for) loop, decltype(get_num_threads) count) {
  parallel_for = loop;
  get_num_threads = count;
}

RLT_API void rlt_rms_norm(
    int32_t type, int32_t weight_type, const void* x, const void* delta, const void* weight, float offset, float eps, void* sum, void* y, float* scale,
    int64_t rows, int64_t width) {
  RLT_TYPED_WITH_WEIGHTS(type, weight_type, rms_norm(in<T>(x), in<T>(delta), in<W>(weight), offset, eps, out<T>(sum), out<T>(y), scale, rows, width));
}

RLT_API void rlt_rms_norm_backward(
    int32_t type, int32_t weight_type, const void* dy, const void* dsum, const void* x, const void* weight, float offset, const float* scale, void* dx,
    float* dweight, int64_t rows, int64_t width) {
  RLT_TYPED_WITH_WEIGHTS(type, weight_type, rms_norm_backward(in<T>(dy), in<T>(dsum), in<T>(x), in<W>(weight), offset, scale, out<T>(dx), dweight, rows, width));
}

RLT_API void rlt_rotate(
    int32_t type, const void* x, const float* cos, const float* sin, const int64_t* positions, float direction, void* y, int64_t rows,
    HeadShape shape) {
  RLT_TYPED(type, rotate(in<T>(x), cos, sin, positions, direction, out<T>(y), rows, shape));
}

RLT_API void rlt_swiglu(int32_t type, const void* gate, const void* up, void* y, int64_t count) {
  RLT_TYPED(type, swiglu(in<T>(gate), in<T>(up), out<T>(y), count));
}

RLT_API void rlt_swiglu_backward(int32_t type, const void* dy, const void* gate, const void* up, void* dgate, void* dup, int64_t count) {
  RLT_TYPED(type, swiglu_backward(in<T>(dy), in<T>(gate), in<T>(up), out<T>(dgate), out<T>(dup), count));
}

RLT_API void rlt_log_prob(
    int32_t type, const void* logits, const int64_t* targets, float temperature, float* result, float* log_sum, int64_t rows, int64_t vocabulary) {
  RLT_TYPED(type, log_prob(in<T>(logits), targets, temperature, result, log_sum, rows, vocabulary));
}

RLT_API void rlt_log_prob_backward(
    int32_t type, void* logits, const int64_t* targets, const float* log_sum, const float* gradient, float temperature, int64_t rows, int64_t vocabulary) {
  RLT_TYPED(type, log_prob_backward(out<T>(logits), targets, log_sum, gradient, temperature, rows, vocabulary));
}

RLT_API void rlt_draw(
    int32_t type, const void* logits, const float* uniform, float temperature, int64_t* token, float* result, int64_t rows, int64_t vocabulary) {
  RLT_TYPED(type, draw(in<T>(logits), uniform, temperature, token, result, rows, vocabulary));
}

RLT_API void rlt_attention(
    int32_t type, const void* q, const void* k, const void* v, const Segment* segments, int64_t count, AttentionShape shape, void* result, float* log_sum) {
  RLT_TYPED(type, attention(in<T>(q), in<T>(k), in<T>(v), segments, count, shape, out<T>(result), log_sum));
}

RLT_API void rlt_attention_backward(
    int32_t type, const void* dout, const void* q, const void* k, const void* v, const void* result, const float* log_sum, const Segment* segments,
        int64_t count,
    AttentionShape shape, void* dq, void* dk, void* dv) {
  RLT_TYPED(type,
      attention_backward(in<T>(dout), in<T>(q), in<T>(k), in<T>(v), in<T>(result), log_sum, segments, count, shape, out<T>(dq), out<T>(dk), out<T>(dv)));
}

RLT_API void rlt_cache_write(int32_t type, const void* k, const void* v, const int64_t* slots, void* keys, void* values, CacheShape shape, int64_t rows) {
  RLT_TYPED(type, cache_write(in<T>(k), in<T>(v), slots, out<T>(keys), out<T>(values), shape, rows));
}

RLT_API void rlt_cache_attention(
    int32_t type, const void* q, const void* keys, const void* values, const int64_t* tables, int64_t table_width, const int64_t* lengths, CacheShape shape,
    ScoreRule rule, int64_t rows, int64_t heads, void* result) {
  RLT_TYPED(type, cache_attention(in<T>(q), in<T>(keys), in<T>(values), tables, table_width, lengths, shape, rule, rows, heads, out<T>(result)));
}

RLT_API void rlt_causal_convolution(
    int32_t type, int32_t weight_type, const void* x, const void* weight, const Segment* segments, int64_t count, ConvolutionShape shape, void* y) {
  RLT_TYPED_WITH_WEIGHTS(type, weight_type, causal_convolution(in<T>(x), in<W>(weight), segments, count, shape, out<T>(y)));
}

RLT_API void rlt_causal_convolution_backward(
    int32_t type, int32_t weight_type, const void* dy, const void* x, const void* weight, const Segment* segments, int64_t count, ConvolutionShape shape,
    void* dx, float* dweight) {
  RLT_TYPED_WITH_WEIGHTS(
      type, weight_type, causal_convolution_backward(in<T>(dy), in<T>(x), in<W>(weight), segments, count, shape, out<T>(dx), dweight));
}

RLT_API void rlt_causal_convolution_step(
    int32_t type, int32_t weight_type, const void* x, const void* weight, void* tails, const int64_t* slots, ConvolutionShape shape, void* y) {
  RLT_TYPED_WITH_WEIGHTS(type, weight_type, causal_convolution_step(in<T>(x), in<W>(weight), out<T>(tails), slots, shape, out<T>(y)));
}

RLT_API void rlt_gated_delta(
    int32_t type, const void* q, const void* k, const void* v, const float* decay, const float* beta, const Segment* segments, int64_t count,
    DeltaShape shape, void* result, float* ends) {
  RLT_TYPED(type, gated_delta(in<T>(q), in<T>(k), in<T>(v), decay, beta, segments, count, shape, out<T>(result), ends));
}

RLT_API void rlt_gated_delta_backward(
    int32_t type, const void* dout, const void* q, const void* k, const void* v, const float* decay, const float* beta, const Segment* segments,
    int64_t count, DeltaShape shape, void* dq, void* dk, void* dv, float* ddecay, float* dbeta) {
  RLT_TYPED(type,
      gated_delta_backward(
          in<T>(dout), in<T>(q), in<T>(k), in<T>(v), decay, beta, segments, count, shape, out<T>(dq), out<T>(dk), out<T>(dv), ddecay, dbeta));
}

RLT_API void rlt_gated_delta_step(
    int32_t type, const void* q, const void* k, const void* v, const float* decay, const float* beta, float* states, const int64_t* slots, DeltaShape shape,
    void* result) {
  RLT_TYPED(type, gated_delta_step(in<T>(q), in<T>(k), in<T>(v), decay, beta, states, slots, shape, out<T>(result)));
}

RLT_API void rlt_decode(
    int32_t type, int32_t weight_type, void* x, const LayerWeights* layers, const LayerCache* caches, StepShape shape, const StepPlaces* places) {
  RLT_TYPED_WITH_WEIGHTS(type, weight_type, (decode<T, W>(out<T>(x), layers, caches, shape, *places)));
}

RLT_API void rlt_adamw(int32_t type, void* weight, float* master, float* mean, float* square, const float* gradient, AdamWStep step, int64_t count) {
  RLT_TYPED(type, adamw(out<T>(weight), master, mean, square, gradient, step, count));
}

RLT_API void rlt_product(
    Matrix a, Matrix b, const void* bias, void* c, int32_t c_type, int64_t c_row, int32_t add, int64_t rows, int64_t columns, int64_t depth) {
  product(a, b, bias, c, static_cast<Element>(c_type), c_row, add != 0, rows, columns, depth);
}

RLT_API void rlt_linear_rows(
    const void* x, int32_t x_type, const void* weight, int32_t weight_type, const void* bias, void* y, int64_t rows, int64_t inputs, int64_t outputs) {
  linear_rows(x, static_cast<Element>(x_type), weight, static_cast<Element>(weight_type), bias, y, rows, inputs, outputs);
}
