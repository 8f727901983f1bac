// The fused kernels of a decoder's hot chains on the CPU, for float and bf16 elements (T of what is computed, W of weights). Shapes in row-major order;
// N rows (tokens), D width, H query heads, K key/value heads, E head width, V vocabulary.
#pragma once

#include "vector.h"

namespace rlt {

// sum = x + delta (where delta is not null), y = sum / sqrt(mean(sum^2) + eps) * (weight + offset), scale[N] = 1 / sqrt(...).
template <typename T, typename W>
void rms_norm(const T* x, const T* delta, const W* weight, float offset, float eps, T* sum, T* y, float* scale, int64_t rows, int64_t width);

// dx[N, D] = d loss/d x (plus dsum where that is not null), and adds to dweight[D] where that is not null.
template <typename T, typename W>
void rms_norm_backward(
    const T* dy, const T* dsum, const T* x, const W* weight, float offset, const float* scale, T* dx, float* dweight, int64_t rows, int64_t width);

// Turns the first `turned` elements of each head by its row's angles: tables cos, sin are [positions, turned / 2]; direction -1 turns back (the
// backward).
struct HeadShape {
  int64_t heads, width, turned;
};

template <typename T>
void rotate(const T* x, const float* cos, const float* sin, const int64_t* positions, float direction, T* y, int64_t rows, HeadShape shape);

// y = gate * sigmoid(gate) * up.
template <typename T>
void swiglu(const T* gate, const T* up, T* y, int64_t count);

template <typename T>
void swiglu_backward(const T* dy, const T* gate, const T* up, T* dgate, T* dup, int64_t count);

// For each row of logits [N, V]: log_prob of its target at the temperature, and the row's log-sum-exp.
template <typename T>
void log_prob(const T* logits, const int64_t* targets, float temperature, float* log_prob, float* log_sum, int64_t rows, int64_t vocabulary);

// Puts d(sum of gradient * log_prob)/d logits in the logits' place.
template <typename T>
void log_prob_backward(T* logits, const int64_t* targets, const float* log_sum, const float* gradient, float temperature, int64_t rows, int64_t vocabulary);

// Draws a token a row by inverting the distribution function at uniform[N]; temperature 0 takes the first likeliest.
// log_prob is that of the token at the temperature (at 1 where the temperature is 0).
template <typename T>
void draw(const T* logits, const float* uniform, float temperature, int64_t* token, float* log_prob, int64_t rows, int64_t vocabulary);

// A run of rows that attend, causally, to themselves and to all rows of their parent.
struct Segment {
  int64_t start, length, parent_start, parent_length;
};

// What is done to scores. A row sees the last `window` rows up to itself, all of them where that is 0. `sinks`[H], or null, are scores of a further
// key without value.
struct ScoreRule {
  int64_t window;
  const float* sinks;
  float scale;
};

struct AttentionShape {
  int64_t rows, heads, kv_heads, width;
  ScoreRule rule;
};

// out[N, H, E] = softmax(scale q k^T) v by segment, and log_sum[N, H], in which the sinks are. Parents have no parents of their own.
template <typename T>
void attention(const T* q, const T* k, const T* v, const Segment* segments, int64_t count, AttentionShape shape, T* out, float* log_sum);

template <typename T>
void attention_backward(
    const T* dout, const T* q, const T* k, const T* v, const T* out, const float* log_sum, const Segment* segments, int64_t count,
    AttentionShape shape, T* dq, T* dk, T* dv);

// x[N, C] convolved along each sequence, channel by channel, with weight[C, taps], whose last tap is the row itself; then SiLU. Before a segment's rows
// come its parent's, before those zeros.
struct ConvolutionShape {
  int64_t rows, channels, taps;
};

template <typename T, typename W>
void causal_convolution(const T* x, const W* weight, const Segment* segments, int64_t count, ConvolutionShape shape, T* y);

// dx[N, C], and adds to dweight[C, taps] where that is not null.
template <typename T, typename W>
void causal_convolution_backward(
    const T* dy, const T* x, const W* weight, const Segment* segments, int64_t count, ConvolutionShape shape, T* dx, float* dweight);

// One more row of each sequence: the rows before it are tails[slots[N]], [taps - 1, C], which receive it.
template <typename T, typename W>
void causal_convolution_step(const T* x, const W* weight, T* tails, const int64_t* slots, ConvolutionShape shape, T* y);

struct DeltaShape {
  int64_t rows, key_heads, heads, key_width, value_width;
};

// The gated delta rule (delta.h) of q, k [N, key heads, dk], which are normalised here, and v, out [N, heads, dv]; decay (its logarithm) and beta are
// [N, heads]. ends[segments, heads, dk, dv] receives the states after each segment where it is not null. Parents have no parents of their own.
template <typename T>
void gated_delta(
    const T* q, const T* k, const T* v, const float* decay, const float* beta, const Segment* segments, int64_t count, DeltaShape shape, T* out, float* ends);

template <typename T>
void gated_delta_backward(
    const T* dout, const T* q, const T* k, const T* v, const float* decay, const float* beta, const Segment* segments, int64_t count, DeltaShape shape,
    T* dq, T* dk, T* dv, float* ddecay, float* dbeta);

// One more row of each sequence, whose state is states[slots[N]], [heads, dk, dv].
template <typename T>
void gated_delta_step(
    const T* q, const T* k, const T* v, const float* decay, const float* beta, float* states, const int64_t* slots, DeltaShape shape, T* out);

// A cache of blocks of P positions: keys [blocks, K, E, P] (positions side by side), values [blocks, K, P, E].
constexpr int kBlockMultiple = 16;  // a block holds a multiple of this many positions, whatever the width of vectors

struct CacheShape {
  int64_t kv_heads, width, block;
};

// Writes k, v [N, K, E] at slots[N] = block number * P + offset.
template <typename T>
void cache_write(const T* k, const T* v, const int64_t* slots, T* keys, T* values, CacheShape shape, int64_t rows);

// One query a row against its first lengths[row] cached positions (the rule's window: the last of them): q, out [N, H, E]; tables [N, width of the
// table] name the blocks.
template <typename T>
void cache_attention(
    const T* q, const T* keys, const T* values, const int64_t* tables, int64_t table_width, const int64_t* lengths, CacheShape shape,
    ScoreRule rule, int64_t rows, int64_t heads, T* out);

// A linear map's weight [out, in] and bias [out] or null.
struct MapWeights {
  const void *weight, *bias;
};

// A pre-norm layer of attention and SwiGLU, and its keys and values in the cache. The norms of queries and keys may be null.
struct LayerWeights {
  const void* input_norm;
  MapWeights query, key, value;
  const void *query_norm, *key_norm;
  MapWeights output;
  const void* post_norm;
  MapWeights gate, up, down;
};

struct LayerCache {
  void *keys, *values;
};

struct StepShape {
  int64_t rows, layers, width, heads, inner;
  CacheShape cache;
  float epsilon, scale;
};

// Where the rows stand: position and slot of each, tables [rows, table_width] of the blocks, lengths with the new token; tables of angles as `rotate`
// takes them.
struct StepPlaces {
  const int64_t *positions, *slots, *tables, *lengths;
  int64_t table_width;
  const float *cos, *sin;
};

// One more token of each row through all layers, x[N, D] in place: the kernels above in turn, with the same results.
template <typename T, typename W>
void decode(T* x, const LayerWeights* layers, const LayerCache* caches, StepShape shape, StepPlaces places);

// One AdamW step in one pass; `weight` is the model's (T), `master` the float32 copy or, where T is float, the same memory.
struct AdamWStep {
  float learning_rate, beta1, beta2, epsilon, weight_decay, mean_correction, square_correction;
};

template <typename T>
void adamw(T* weight, float* master, float* mean, float* square, const float* gradient, AdamWStep step, int64_t count);

}  // namespace rlt
