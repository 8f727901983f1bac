// Kernels that go through rows once: normalisation, rotation, SwiGLU, log-probabilities, sampling, AdamW.
#include <algorithm>
#include <vector>

#include "kernels.h"

namespace rlt {
namespace {

// Rows a thread takes at least, so that a range is worth a thread: about 16k elements.
int64_t grain(int64_t width) { return std::max<int64_t>(1, 16384 / std::max<int64_t>(1, width)); }

// A sum over rows is made of this many parts whatever the number of threads, so that it does not depend on it.
constexpr int64_t kParts = 32;

template <typename T>
float dot(const T* a, const T* b, int64_t width) {
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < width; i++) sum += widen(a[i]) * widen(b[i]);
  return sum;
}

}  // namespace

template <typename T, typename W>
void rms_norm(const T* x, const T* delta, const W* weight, float offset, float eps, T* sum, T* y, float* scale, int64_t rows, int64_t width) {
  parallel_ranges(rows, grain(width), [=](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      const T* in = x + row * width;
      if (delta != nullptr) {
        const T* change = delta + row * width;
        T* to = sum + row * width;
#pragma omp simd
        for (int64_t i = 0; i < width; i++) store(&to[i], widen(in[i]) + widen(change[i]));
        in = to;
      }
      float s = 1.0f / std::sqrt(dot(in, in, width) / width + eps);
      scale[row] = s;
      T* out = y + row * width;
#pragma omp simd
      for (int64_t i = 0; i < width; i++) store(&out[i], widen(in[i]) * s * (widen(weight[i]) + offset));
    }
  });
}

template <typename T, typename W>
void rms_norm_backward(
    const T* dy, const T* dsum, const T* x, const W* weight, float offset, const float* scale, T* dx, float* dweight, int64_t rows, int64_t width) {
  int64_t parts = std::min(kParts, std::max<int64_t>(1, rows / grain(width)));
  std::vector<float> partial(dweight == nullptr ? 0 : parts * width, 0.0f);
  float* partials = partial.data();
  parallel_items(parts, [=](int64_t part) {
    for (int64_t row = rows * part / parts; row < rows * (part + 1) / parts; row++) {
      const T* g = dy + row * width;
      const T* in = x + row * width;
      T* to = dx + row * width;
      float s = scale[row], along = 0;
#pragma omp simd reduction(+ : along)
      for (int64_t i = 0; i < width; i++) along += widen(g[i]) * (widen(weight[i]) + offset) * widen(in[i]);
      float back = along * s * s / width;
      if (dsum == nullptr) {
#pragma omp simd
        for (int64_t i = 0; i < width; i++) store(&to[i], s * (widen(g[i]) * (widen(weight[i]) + offset) - widen(in[i]) * back));
      } else {
        const T* above = dsum + row * width;
#pragma omp simd
        for (int64_t i = 0; i < width; i++) store(&to[i], widen(above[i]) + s * (widen(g[i]) * (widen(weight[i]) + offset) - widen(in[i]) * back));
      }
      if (dweight == nullptr) continue;
      float* dw = partials + part * width;
#pragma omp simd
      for (int64_t i = 0; i < width; i++) dw[i] += widen(g[i]) * widen(in[i]) * s;
    }
  });
  for (int64_t part = 0; dweight != nullptr && part < parts; part++)
    for (int64_t i = 0; i < width; i++) dweight[i] += partials[part * width + i];
}

template <typename T>
void rotate(const T* x, const float* cos, const float* sin, const int64_t* positions, float direction, T* y, int64_t rows, HeadShape shape) {
  int64_t half = shape.turned / 2;
  parallel_ranges(rows, grain(shape.heads * shape.width), [=](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      const float* c = cos + positions[row] * half;
      const float* s = sin + positions[row] * half;
      for (int64_t head = 0; head < shape.heads; head++) {
        const T* in = x + (row * shape.heads + head) * shape.width;
        T* out = y + (row * shape.heads + head) * shape.width;
#pragma omp simd
        for (int64_t i = 0; i < half; i++) {
          float first = widen(in[i]), second = widen(in[i + half]), turn = direction * s[i];
          store(&out[i], first * c[i] - second * turn);
          store(&out[i + half], second * c[i] + first * turn);
        }
        if (out != in) std::copy(in + shape.turned, in + shape.width, out + shape.turned);
      }
    }
  });
}

template <typename T>
void swiglu(const T* gate, const T* up, T* y, int64_t count) {
  parallel_ranges(count, 16384, [=](int64_t begin, int64_t end) {
#pragma omp simd
    for (int64_t i = begin; i < end; i++) {
      float g = widen(gate[i]);
      store(&y[i], g * sigmoid(g) * widen(up[i]));
    }
  });
}

template <typename T>
void swiglu_backward(const T* dy, const T* gate, const T* up, T* dgate, T* dup, int64_t count) {
  parallel_ranges(count, 16384, [=](int64_t begin, int64_t end) {
#pragma omp simd
    for (int64_t i = begin; i < end; i++) {
      float d = widen(dy[i]), g = widen(gate[i]), s = sigmoid(g);
      store(&dgate[i], d * widen(up[i]) * s * (1.0f + g * (1.0f - s)));
      store(&dup[i], d * g * s);
    }
  });
}

namespace {

template <typename T>
float largest(const T* row, int64_t count) {
  float top = -INFINITY;
#pragma omp simd reduction(max : top)
  for (int64_t i = 0; i < count; i++) top = std::max(top, widen(row[i]));
  return top;
}

}  // namespace

template <typename T>
void log_prob(const T* logits, const int64_t* targets, float temperature, float* log_prob, float* log_sum, int64_t rows, int64_t vocabulary) {
  float inverse = 1.0f / temperature;
  parallel_ranges(rows, grain(vocabulary), [=](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      const T* in = logits + row * vocabulary;
      float top = largest(in, vocabulary) * inverse, sum = 0;
#pragma omp simd reduction(+ : sum)
      for (int64_t i = 0; i < vocabulary; i++) sum += fast_exp(widen(in[i]) * inverse - top);
      log_sum[row] = top + std::log(sum);
      log_prob[row] = widen(in[targets[row]]) * inverse - log_sum[row];
    }
  });
}

template <typename T>
void log_prob_backward(T* logits, const int64_t* targets, const float* log_sum, const float* gradient, float temperature, int64_t rows, int64_t vocabulary) {
  float inverse = 1.0f / temperature;
  parallel_ranges(rows, grain(vocabulary), [=](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      T* in = logits + row * vocabulary;
      float g = gradient[row] * inverse, sum = log_sum[row];
      float target = g * (1.0f - fast_exp(widen(in[targets[row]]) * inverse - sum));
#pragma omp simd
      for (int64_t i = 0; i < vocabulary; i++) store(&in[i], -g * fast_exp(widen(in[i]) * inverse - sum));
      store(&in[targets[row]], target);
    }
  });
}

template <typename T>
void draw(const T* logits, const float* uniform, float temperature, int64_t* token, float* log_prob, int64_t rows, int64_t vocabulary) {
  constexpr int64_t block = 256;
  bool greedy = temperature == 0;
  float inverse = greedy ? 1.0f : 1.0f / temperature;
  int64_t blocks = (vocabulary + block - 1) / block;
  parallel_ranges(rows, grain(vocabulary), [=](int64_t begin, int64_t end) {
    std::vector<float> weights(vocabulary), sums(blocks);
    float* weight = weights.data();
    for (int64_t row = begin; row < end; row++) {
      const T* in = logits + row * vocabulary;
      float top = largest(in, vocabulary) * inverse;
      double sum = 0;
      for (int64_t b = 0; b < blocks; b++) {
        float part = 0;
        int64_t stop = std::min(vocabulary, (b + 1) * block);
#pragma omp simd reduction(+ : part)
        for (int64_t i = b * block; i < stop; i++) {
          weight[i] = fast_exp(widen(in[i]) * inverse - top);
          part += weight[i];
        }
        sums[b] = part;
        sum += part;
      }
      int64_t chosen = 0;
      if (greedy) {
        while (chosen < vocabulary - 1 && !(widen(in[chosen]) >= top)) chosen++;
      } else {
        // Walks over whole blocks, then inside one; rounding may leave the walk at the end, where the last possible token is taken.
        double left = uniform[row] * sum;
        int64_t b = 0;
        for (; b < blocks - 1 && left >= sums[b]; b++) left -= sums[b];
        int64_t last = -1;
        for (chosen = b * block; chosen < vocabulary; chosen++) {
          if (weight[chosen] > 0) last = chosen;
          left -= weight[chosen];
          if (left < 0) break;
        }
        if (chosen == vocabulary) {
          for (chosen = last >= 0 ? last : b * block - 1; chosen > 0 && !(weight[chosen] > 0);) chosen--;
        }
      }
      token[row] = chosen;
      log_prob[row] = widen(in[chosen]) * inverse - top - static_cast<float>(std::log(sum));
    }
  });
}

template <typename T>
void adamw(T* weight, float* master, float* mean, float* square, const float* gradient, AdamWStep step, int64_t count) {
  float decay = 1.0f - step.learning_rate * step.weight_decay;
  float rate = step.learning_rate / step.mean_correction;
  float root = 1.0f / std::sqrt(step.square_correction);
  parallel_ranges(count, 16384, [=](int64_t begin, int64_t end) {
#pragma omp simd
    for (int64_t i = begin; i < end; i++) {
      float g = gradient[i];
      float m = step.beta1 * mean[i] + (1.0f - step.beta1) * g;
      float s = step.beta2 * square[i] + (1.0f - step.beta2) * g * g;
      float w = master[i] * decay - rate * m / (std::sqrt(s) * root + step.epsilon);
      mean[i] = m;
      square[i] = s;
      master[i] = w;
      store(&weight[i], w);
    }
  });
}

#define RLT_FOR(T)                                                                                                              \
  template void rms_norm<T, float>(const T*, const T*, const float*, float, float, T*, T*, float*, int64_t, int64_t);                 \
  template void rms_norm<T, bf16>(const T*, const T*, const bf16*, float, float, T*, T*, float*, int64_t, int64_t);                   \
  template void rms_norm_backward<T, float>(const T*, const T*, const T*, const float*, float, const float*, T*, float*, int64_t, int64_t); \
  template void rms_norm_backward<T, bf16>(const T*, const T*, const T*, const bf16*, float, const float*, T*, float*, int64_t, int64_t);   \
  template void rotate<T>(const T*, const float*, const float*, const int64_t*, float, T*, int64_t, HeadShape);         \
  template void swiglu<T>(const T*, const T*, T*, int64_t);                                                                    \
  template void swiglu_backward<T>(const T*, const T*, const T*, T*, T*, int64_t);                                             \
  template void log_prob<T>(const T*, const int64_t*, float, float*, float*, int64_t, int64_t);                                \
  template void log_prob_backward<T>(T*, const int64_t*, const float*, const float*, float, int64_t, int64_t);                 \
  template void draw<T>(const T*, const float*, float, int64_t*, float*, int64_t, int64_t);                                    \
  template void adamw<T>(T*, float*, float*, float*, const float*, AdamWStep, int64_t);

RLT_FOR(float)
RLT_FOR(bf16)

}  // namespace rlt
