// The kernels as operators of libtorch's dispatcher, in the namespace "rlt", with their gradients. CPU tensors only:
// callers use libtorch's own operators elsewhere.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <algorithm>
#include <atomic>
#include <tuple>
#include <vector>

#include "kernels.h"

namespace rlt {

void parallel_ranges(int64_t count, int64_t grain, const std::function<void(int64_t, int64_t)>& body) {
  at::parallel_for(0, count, grain, body);
}

void parallel_items(int64_t count, const std::function<void(int64_t)>& body) {
  std::atomic<int64_t> next{0};
  at::parallel_for(0, std::min<int64_t>(count, at::get_num_threads()), 1, [&](int64_t, int64_t) {
    for (int64_t i = next++; i < count; i = next++) body(i);
  });
}

namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

template <typename T>
T* data(const Tensor& tensor) {
  return tensor.defined() ? static_cast<T*>(tensor.data_ptr()) : nullptr;
}

// Calls body with a null pointer of the element type.
template <typename Body>
void by_type(const Tensor& tensor, Body body) {
  if (tensor.scalar_type() == at::kFloat) return body(static_cast<float*>(nullptr));
  TORCH_CHECK(tensor.scalar_type() == at::kBFloat16, "expected float32 or bfloat16, got ", tensor.scalar_type());
  body(static_cast<bf16*>(nullptr));
}

#define RLT_TYPED(tensor, ...)                                       \
  by_type(tensor, [&](auto* tag) {                                   \
    using T = std::remove_pointer_t<decltype(tag)>;                  \
    __VA_ARGS__;                                                     \
  })

// A contiguous CPU tensor of the wanted type and size.
Tensor dense(const Tensor& tensor, at::ScalarType type, at::IntArrayRef sizes, const char* name) {
  TORCH_CHECK(tensor.defined() && tensor.is_cpu() && tensor.scalar_type() == type && tensor.sizes() == sizes,
      name, " must be a ", type, " CPU tensor of shape ", sizes, ", got ", tensor.toString(), " of shape ", tensor.sizes());
  return tensor.contiguous();
}

Tensor dense(const Tensor& tensor) {
  TORCH_CHECK(tensor.is_cpu(), "expected a CPU tensor");
  return tensor.contiguous();
}

bool recording(std::initializer_list<Tensor> inputs) {
  return at::GradMode::is_enabled() &&
      std::any_of(inputs.begin(), inputs.end(), [](const Tensor& input) { return input.defined() && input.requires_grad(); });
}

// ---- RMSNorm, with or without a residual added first --------------------------------------------------------------

struct Normed {
  Tensor sum, y, scale;
};

Normed norm_forward(const Tensor& x, const Tensor& delta, const Tensor& weight, double eps) {
  int64_t width = x.size(-1);
  Tensor w = dense(weight, x.scalar_type(), {width}, "weight"), in = dense(x);
  Tensor change = delta.defined() ? dense(delta, x.scalar_type(), x.sizes(), "delta") : delta;
  Normed result{delta.defined() ? at::empty_like(in) : in, at::empty_like(in), at::empty({x.numel() / width}, at::kFloat)};
  RLT_TYPED(in, rms_norm(data<T>(in), data<T>(change), data<T>(w), static_cast<float>(eps), data<T>(result.sum), data<T>(result.y),
      data<float>(result.scale), in.numel() / width, width));
  return result;
}

variable_list norm_backward(const Tensor& dy, const Tensor& dsum, const Tensor& sum, const Tensor& weight, const Tensor& scale) {
  int64_t width = sum.size(-1);
  Tensor w = weight.contiguous(), dx = at::empty_like(sum), dweight = at::empty_like(w);
  Tensor above = dy.defined() ? dy.contiguous() : at::zeros_like(sum), beside = dsum.defined() ? dsum.contiguous() : dsum;
  RLT_TYPED(sum, rms_norm_backward(data<T>(above), data<T>(beside), data<T>(sum), data<T>(w), data<float>(scale), data<T>(dx),
      data<T>(dweight), sum.numel() / width, width));
  return {dx, dweight};
}

struct RmsNorm : torch::autograd::Function<RmsNorm> {
  static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& weight, double eps) {
    Normed result = norm_forward(x, {}, weight, eps);
    context->save_for_backward({result.sum, weight, result.scale});
    return result.y;
  }

  static variable_list backward(AutogradContext* context, variable_list above) {
    auto saved = context->get_saved_variables();
    auto gradients = norm_backward(above[0], {}, saved[0], saved[1], saved[2]);
    return {gradients[0], gradients[1], Tensor()};
  }
};

Tensor rms_norm_op(const Tensor& x, const Tensor& weight, double eps) {
  return recording({x, weight}) ? RmsNorm::apply(x, weight, eps) : norm_forward(x, {}, weight, eps).y;
}

struct AddRmsNorm : torch::autograd::Function<AddRmsNorm> {
  static variable_list forward(AutogradContext* context, const Tensor& x, const Tensor& delta, const Tensor& weight, double eps) {
    Normed result = norm_forward(x, delta, weight, eps);
    context->save_for_backward({result.sum, weight, result.scale});
    return {result.sum, result.y};
  }

  static variable_list backward(AutogradContext* context, variable_list above) {
    auto saved = context->get_saved_variables();
    auto gradients = norm_backward(above[1], above[0], saved[0], saved[1], saved[2]);
    return {gradients[0], gradients[0], gradients[1], Tensor()};
  }
};

std::tuple<Tensor, Tensor> add_rms_norm_op(const Tensor& x, const Tensor& delta, const Tensor& weight, double eps) {
  if (recording({x, delta, weight})) {
    auto results = AddRmsNorm::apply(x, delta, weight, eps);
    return {results[0], results[1]};
  }
  Normed result = norm_forward(x, delta, weight, eps);
  return {result.sum, result.y};
}

// ---- Rotary positions: x [N, H, E], tables [P, E / 2], positions [N] ----------------------------------------------

Tensor rotate_rows(const Tensor& x, const Tensor& cos, const Tensor& sin, const Tensor& positions, float direction) {
  TORCH_CHECK(x.dim() == 3, "expected [N, H, E]");
  Tensor in = dense(x), y = at::empty_like(in), at = dense(positions, at::kLong, {x.size(0)}, "positions");
  Tensor c = dense(cos, at::kFloat, {cos.size(0), x.size(2) / 2}, "cos"), s = dense(sin, at::kFloat, cos.sizes(), "sin");
  RLT_TYPED(in, rotate(data<T>(in), data<float>(c), data<float>(s), data<int64_t>(at), direction, data<T>(y), x.size(0), x.size(1), x.size(2)));
  return y;
}

struct Rotate : torch::autograd::Function<Rotate> {
  static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& cos, const Tensor& sin, const Tensor& positions) {
    context->save_for_backward({cos, sin, positions});
    return rotate_rows(x, cos, sin, positions, 1);
  }

  static variable_list backward(AutogradContext* context, variable_list above) {
    auto saved = context->get_saved_variables();
    return {rotate_rows(above[0], saved[0], saved[1], saved[2], -1), Tensor(), Tensor(), Tensor()};
  }
};

Tensor rotate_op(const Tensor& x, const Tensor& cos, const Tensor& sin, const Tensor& positions) {
  return recording({x}) ? Rotate::apply(x, cos, sin, positions) : rotate_rows(x, cos, sin, positions, 1);
}

// ---- SwiGLU ------------------------------------------------------------------------------------------------------

Tensor swiglu_forward(const Tensor& gate, const Tensor& up) {
  Tensor g = dense(gate), u = dense(up, gate.scalar_type(), gate.sizes(), "up"), y = at::empty_like(g);
  RLT_TYPED(g, swiglu(data<T>(g), data<T>(u), data<T>(y), g.numel()));
  return y;
}

struct SwiGlu : torch::autograd::Function<SwiGlu> {
  static Tensor forward(AutogradContext* context, const Tensor& gate, const Tensor& up) {
    context->save_for_backward({gate, up});
    return swiglu_forward(gate, up);
  }

  static variable_list backward(AutogradContext* context, variable_list above) {
    auto saved = context->get_saved_variables();
    Tensor dy = above[0].contiguous(), g = saved[0].contiguous(), u = saved[1].contiguous(), dg = at::empty_like(g), du = at::empty_like(u);
    RLT_TYPED(g, swiglu_backward(data<T>(dy), data<T>(g), data<T>(u), data<T>(dg), data<T>(du), g.numel()));
    return {dg, du};
  }
};

Tensor swiglu_op(const Tensor& gate, const Tensor& up) { return recording({gate, up}) ? SwiGlu::apply(gate, up) : swiglu_forward(gate, up); }

// ---- Linear maps of a few rows: x [N, in], weight [out, in]; no gradient ----------------------------------------------

Tensor linear_op(const Tensor& x, const Tensor& weight, const c10::optional<Tensor>& bias) {
  TORCH_CHECK(x.dim() == 2 && weight.dim() == 2, "expected x [N, in] and weight [out, in]");
  Tensor in = dense(x), w = dense(weight, x.scalar_type(), {weight.size(0), x.size(1)}, "weight");
  Tensor b = bias.has_value() ? dense(*bias, x.scalar_type(), {weight.size(0)}, "bias") : Tensor();
  if (x.size(1) % 2 != 0) return at::linear(x, weight, bias);  // the kernel takes pairs
  Tensor y = at::empty({x.size(0), weight.size(0)}, x.options());
  RLT_TYPED(in, linear_rows(data<T>(in), data<T>(w), data<T>(b), data<T>(y), x.size(0), x.size(1), weight.size(0)));
  return y;
}

// ---- Attention of packed segments: q [N, H, E], k and v [N, K, E], segments [S, 4] ---------------------------------

struct AttentionInputs {
  Tensor q, k, v, segments;
  AttentionShape shape;

  AttentionInputs(const Tensor& q_, const Tensor& k_, const Tensor& v_, const Tensor& segments_) {
    TORCH_CHECK(q_.dim() == 3 && k_.dim() == 3 && q_.size(1) % k_.size(1) == 0, "expected q [N, H, E] and k, v [N, K, E], H a multiple of K");
    q = dense(q_);
    k = dense(k_, q_.scalar_type(), {q_.size(0), k_.size(1), q_.size(2)}, "k");
    v = dense(v_, q_.scalar_type(), k_.sizes(), "v");
    segments = dense(segments_, at::kLong, {segments_.size(0), 4}, "segments");
    shape = {q.size(0), q.size(1), k.size(1), q.size(2)};
    for (int64_t i = 0; i < segments.size(0); i++) {
      const Segment& s = at(i);
      TORCH_CHECK(s.start >= 0 && s.length >= 0 && s.start + s.length <= shape.rows && s.parent_start >= 0 && s.parent_start + s.parent_length <= shape.rows,
          "segment ", i, " lies outside of the ", shape.rows, " rows");
    }
  }

  const Segment* list() const { return reinterpret_cast<const Segment*>(segments.data_ptr()); }
  const Segment& at(int64_t i) const { return list()[i]; }
};

std::tuple<Tensor, Tensor> attention_forward(const AttentionInputs& in) {
  // Rows outside of all segments are padding: zeros.
  Tensor out = at::zeros_like(in.q), log_sum = at::zeros({in.shape.rows, in.shape.heads}, at::kFloat);
  RLT_TYPED(in.q, attention(data<T>(in.q), data<T>(in.k), data<T>(in.v), in.list(), in.segments.size(0), in.shape, data<T>(out), data<float>(log_sum)));
  return {out, log_sum};
}

struct Attention : torch::autograd::Function<Attention> {
  static Tensor forward(AutogradContext* context, const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& segments) {
    AttentionInputs in(q, k, v, segments);
    auto [out, log_sum] = attention_forward(in);
    context->save_for_backward({in.q, in.k, in.v, in.segments, out, log_sum});
    return out;
  }

  static variable_list backward(AutogradContext* context, variable_list above) {
    auto saved = context->get_saved_variables();
    AttentionInputs in(saved[0], saved[1], saved[2], saved[3]);
    Tensor dout = above[0].contiguous(), dq = at::zeros_like(in.q), dk = at::zeros_like(in.k), dv = at::zeros_like(in.v);
    RLT_TYPED(in.q, attention_backward(data<T>(dout), data<T>(in.q), data<T>(in.k), data<T>(in.v), data<T>(saved[4]), data<float>(saved[5]),
        in.list(), in.segments.size(0), in.shape, data<T>(dq), data<T>(dk), data<T>(dv)));
    return {dq, dk, dv, Tensor()};
  }
};

Tensor attention_op(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& segments) {
  return recording({q, k, v}) ? Attention::apply(q, k, v, segments) : std::get<0>(attention_forward({q, k, v, segments}));
}

// ---- The cache of blocks: keys [blocks, K, E, P], values [blocks, K, P, E] -----------------------------------------

void cache_write_op(const Tensor& k, const Tensor& v, const Tensor& slots, const Tensor& keys, const Tensor& values) {
  TORCH_CHECK(keys.is_contiguous() && values.is_contiguous(), "the cache must be contiguous");
  CacheShape shape{keys.size(1), keys.size(2), keys.size(3)};
  Tensor from_k = dense(k, keys.scalar_type(), {k.size(0), shape.kv_heads, shape.width}, "k"), from_v = dense(v, k.scalar_type(), k.sizes(), "v");
  Tensor at = dense(slots, at::kLong, {k.size(0)}, "slots");
  RLT_TYPED(from_k, cache_write(data<T>(from_k), data<T>(from_v), data<int64_t>(at), data<T>(keys), data<T>(values), shape, k.size(0)));
}

Tensor cache_attention_op(const Tensor& q, const Tensor& keys, const Tensor& values, const Tensor& tables, const Tensor& lengths) {
  TORCH_CHECK(keys.is_contiguous() && values.is_contiguous() && keys.scalar_type() == q.scalar_type(), "the cache must be contiguous and of q's type");
  CacheShape shape{keys.size(1), keys.size(2), keys.size(3)};
  TORCH_CHECK(shape.block % kBlockMultiple == 0, "a block must hold a multiple of ", kBlockMultiple, " positions");
  Tensor in = dense(q), out = at::empty_like(in), t = dense(tables, at::kLong, {q.size(0), tables.size(1)}, "tables");
  Tensor n = dense(lengths, at::kLong, {q.size(0)}, "lengths");
  RLT_TYPED(in, cache_attention(data<T>(in), data<T>(keys), data<T>(values), data<int64_t>(t), t.size(1), data<int64_t>(n), shape, q.size(0), q.size(1), data<T>(out)));
  return out;
}

// ---- The head, the sampler, the optimizer: without gradients of their own --------------------------------------------

std::tuple<Tensor, Tensor> log_prob_op(const Tensor& logits, const Tensor& targets, double temperature) {
  Tensor in = dense(logits), at = dense(targets, at::kLong, {logits.size(0)}, "targets");
  Tensor result = at::empty({in.size(0)}, at::kFloat), log_sum = at::empty({in.size(0)}, at::kFloat);
  RLT_TYPED(in, log_prob(data<T>(in), data<int64_t>(at), static_cast<float>(temperature), data<float>(result), data<float>(log_sum), in.size(0), in.size(1)));
  return {result, log_sum};
}

void log_prob_backward_op(const Tensor& logits, const Tensor& targets, const Tensor& log_sum, const Tensor& gradient, double temperature) {
  TORCH_CHECK(logits.is_contiguous(), "the logits must be contiguous");
  Tensor at = dense(targets, at::kLong, {logits.size(0)}, "targets");
  Tensor sums = dense(log_sum, at::kFloat, {logits.size(0)}, "log_sum"), g = dense(gradient, at::kFloat, {logits.size(0)}, "gradient");
  RLT_TYPED(logits, log_prob_backward(data<T>(logits), data<int64_t>(at), data<float>(sums), data<float>(g), static_cast<float>(temperature), logits.size(0), logits.size(1)));
}

std::tuple<Tensor, Tensor> draw_op(const Tensor& logits, const Tensor& uniform, double temperature) {
  Tensor in = dense(logits), u = dense(uniform, at::kFloat, {logits.size(0)}, "uniform");
  Tensor token = at::empty({in.size(0)}, at::kLong), result = at::empty({in.size(0)}, at::kFloat);
  RLT_TYPED(in, draw(data<T>(in), data<float>(u), static_cast<float>(temperature), data<int64_t>(token), data<float>(result), in.size(0), in.size(1)));
  return {token, result};
}

void adamw_op(
    const Tensor& weight, const Tensor& master, const Tensor& mean, const Tensor& square, const Tensor& gradient, double learning_rate,
    double beta1, double beta2, double epsilon, double weight_decay, int64_t step) {
  for (const Tensor& tensor : {weight, master, mean, square, gradient})
    TORCH_CHECK(tensor.is_cpu() && tensor.is_contiguous() && tensor.sizes() == weight.sizes(), "AdamW's tensors must be contiguous and alike");
  for (const Tensor& tensor : {master, mean, square, gradient}) TORCH_CHECK(tensor.scalar_type() == at::kFloat, "AdamW's state must be float32");
  AdamWStep options{
      static_cast<float>(learning_rate), static_cast<float>(beta1), static_cast<float>(beta2), static_cast<float>(epsilon), static_cast<float>(weight_decay),
      static_cast<float>(1 - std::pow(beta1, step)), static_cast<float>(1 - std::pow(beta2, step))};
  RLT_TYPED(weight, adamw(data<T>(weight), data<float>(master), data<float>(mean), data<float>(square), data<float>(gradient), options, weight.numel()));
}

}  // namespace
}  // namespace rlt

TORCH_LIBRARY(rlt, library) {
  library.def("rms_norm(Tensor x, Tensor weight, float eps) -> Tensor", &rlt::rms_norm_op);
  library.def("add_rms_norm(Tensor x, Tensor delta, Tensor weight, float eps) -> (Tensor, Tensor)", &rlt::add_rms_norm_op);
  library.def("rotate(Tensor x, Tensor cos, Tensor sin, Tensor positions) -> Tensor", &rlt::rotate_op);
  library.def("swiglu(Tensor gate, Tensor up) -> Tensor", &rlt::swiglu_op);
  library.def("linear(Tensor x, Tensor weight, Tensor? bias=None) -> Tensor", &rlt::linear_op);
  library.def("attention(Tensor q, Tensor k, Tensor v, Tensor segments) -> Tensor", &rlt::attention_op);
  library.def("cache_write(Tensor k, Tensor v, Tensor slots, Tensor(a!) keys, Tensor(b!) values) -> ()", &rlt::cache_write_op);
  library.def("cache_attention(Tensor q, Tensor keys, Tensor values, Tensor tables, Tensor lengths) -> Tensor", &rlt::cache_attention_op);
  library.def("log_prob(Tensor logits, Tensor targets, float temperature) -> (Tensor, Tensor)", &rlt::log_prob_op);
  library.def("log_prob_backward(Tensor(a!) logits, Tensor targets, Tensor log_sum, Tensor gradient, float temperature) -> ()", &rlt::log_prob_backward_op);
  library.def("draw(Tensor logits, Tensor uniform, float temperature) -> (Tensor, Tensor)", &rlt::draw_op);
  library.def(
      "adamw(Tensor(a!) weight, Tensor(b!) master, Tensor(c!) mean, Tensor(d!) square, Tensor gradient, float learning_rate, float beta1, "
      "float beta2, float epsilon, float weight_decay, int step) -> ()", &rlt::adamw_op);
}
