// The C interface of TorchSharp.Lite. Operators are not wrapped one by one: rlt_find_op resolves a name in
// libtorch's dispatcher and rlt_call runs it boxed, so any operator of the libtorch at hand is reachable,
// with autograd, on every device. Beside that only what the dispatcher cannot do is here: lifetime, shape
// and memory queries, backward, gradient mode, threads, seeds and devices.
//
// A tensor handle is an owned reference to a TensorImpl. No exception crosses this interface: a failing call
// returns -1 or null, and rlt_error() tells why.

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/version.h>
#ifdef RLT_CUDA
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAFunctions.h>
#endif

#include <dlfcn.h>

#include <string>
#include <vector>

#define RLT_API extern "C" __attribute__((visibility("default")))

namespace {

using Handle = c10::TensorImpl*;

// Mirrors TorchSharp.Arg in Dispatcher.cs.
enum Tag : int32_t { kDefault, kNone, kTensor, kInt, kDouble, kBool, kIntList, kTensorList, kOptionalTensorList, kDevice, kString };

struct Value {
  int32_t tag;
  int32_t count;
  union {
    int64_t integer;
    double real;
    void* pointer;
  };
};

thread_local std::string last_error;

// The first line of libtorch's message: the rest is a C++ stack trace, which says nothing to a user.
void set_error(const char* what) {
  last_error = what;
  auto trace = last_error.find("\nException raised from");
  if (trace != std::string::npos) last_error.resize(trace);
}

template <typename Body>
auto guarded(Body body, decltype(body()) failed) -> decltype(body()) {
  try {
    return body();
  } catch (const std::exception& error) {
    set_error(error.what());
  } catch (...) {
    set_error("an exception that is not a std::exception");
  }
  return failed;
}

at::Tensor borrow(Handle handle) {
  return handle == nullptr
      ? at::Tensor()
      : at::Tensor(c10::intrusive_ptr<c10::TensorImpl, c10::UndefinedTensorImpl>::reclaim_copy(handle));
}

Handle release(at::Tensor tensor) { return tensor.defined() ? tensor.unsafeReleaseTensorImpl() : nullptr; }

c10::Device unpack_device(int64_t packed) {
  return c10::Device(static_cast<c10::DeviceType>(packed >> 32), static_cast<c10::DeviceIndex>(static_cast<int32_t>(packed)));
}

std::vector<at::Tensor> tensor_list(void* const* handles, int32_t count) {
  std::vector<at::Tensor> tensors;
  tensors.reserve(count);
  for (int32_t i = 0; i < count; i++) tensors.push_back(borrow(static_cast<Handle>(handles[i])));
  return tensors;
}

c10::IValue optional_tensor_list(const Value& value) {
  c10::List<c10::optional<at::Tensor>> list;
  list.reserve(value.count);
  for (auto& tensor : tensor_list(static_cast<void**>(value.pointer), value.count))
    list.push_back(tensor.defined() ? c10::optional<at::Tensor>(tensor) : c10::nullopt);
  return list;
}

c10::IValue to_ivalue(const Value& value, const c10::Argument& argument) {
  switch (value.tag) {
    case kTensor: return borrow(static_cast<Handle>(value.pointer));
    case kInt:
      return argument.type()->kind() == c10::TypeKind::FloatType ? c10::IValue(static_cast<double>(value.integer))
                                                                 : c10::IValue(value.integer);
    case kDouble: return value.real;
    case kBool: return value.integer != 0;
    case kIntList: {
      auto* items = static_cast<int64_t*>(value.pointer);
      return std::vector<int64_t>(items, items + value.count);
    }
    case kTensorList: return tensor_list(static_cast<void**>(value.pointer), value.count);
    case kOptionalTensorList: return optional_tensor_list(value);
    case kDevice: return unpack_device(value.integer);
    case kString: return std::string(static_cast<const char*>(value.pointer), value.count);
    default: return c10::IValue();
  }
}

int32_t push_result(const c10::IValue& value, Value* results, int32_t used, int32_t capacity) {
  auto put = [&](Tag tag) -> Value& {
    TORCH_CHECK(used < capacity, "the operator returns more than ", capacity, " values");
    results[used].tag = tag;
    return results[used++];
  };
  if (value.isTensor()) {
    put(kTensor).pointer = release(value.toTensor());
  } else if (value.isTensorList()) {
    for (const at::Tensor& tensor : value.toTensorVector()) put(kTensor).pointer = release(tensor);
  } else if (value.isInt()) {
    put(kInt).integer = value.toInt();
  } else if (value.isDouble()) {
    put(kDouble).real = value.toDouble();
  } else if (value.isBool()) {
    put(kBool).integer = value.toBool();
  } else {
    TORCH_CHECK(false, "a result of type ", value.tagKind(), " is not supported");
  }
  return used;
}

}  // namespace

RLT_API const char* rlt_error() { return last_error.c_str(); }

// ---- operators ----

RLT_API void* rlt_find_op(const char* name, const char* overload) {
  return guarded([&]() -> void* {
    auto found = c10::Dispatcher::singleton().findSchema({name, overload});
    if (!found) return nullptr;
    return new c10::OperatorHandle(*found);  // one per operator, for the life of the process
  }, nullptr);
}

RLT_API int32_t rlt_call(void* op, const Value* args, int32_t count, Value* results, int32_t capacity) {
  return guarded([&]() -> int32_t {
    auto& handle = *static_cast<c10::OperatorHandle*>(op);
    const auto& declared = handle.schema().arguments();
    TORCH_CHECK(static_cast<size_t>(count) <= declared.size(), "takes ", declared.size(), " arguments, got ", count);
    torch::jit::Stack stack;
    stack.reserve(declared.size());
    for (size_t i = 0; i < declared.size(); i++) {
      bool given = i < static_cast<size_t>(count) && args[i].tag != kDefault;
      if (given) {
        stack.push_back(to_ivalue(args[i], declared[i]));
      } else {
        const auto& fallback = declared[i].default_value();
        TORCH_CHECK(fallback.has_value(), "argument ", i, " (", declared[i].name(), ") has no default");
        stack.push_back(*fallback);
      }
    }
    handle.callBoxed(&stack);
    int32_t used = 0;
    for (const auto& value : stack) used = push_result(value, results, used, capacity);
    return used;
  }, -1);
}

// ---- tensors ----

RLT_API void rlt_tensor_free(Handle handle) {
  c10::intrusive_ptr<c10::TensorImpl, c10::UndefinedTensorImpl>::reclaim(handle);
}

RLT_API Handle rlt_tensor_alias(Handle handle) {
  return guarded([&] { return release(borrow(handle)); }, nullptr);
}

RLT_API int32_t rlt_tensor_shape(Handle handle, int64_t* sizes, int32_t capacity) {
  return guarded([&]() -> int32_t {
    auto shape = borrow(handle).sizes();
    TORCH_CHECK(shape.size() <= static_cast<size_t>(capacity), "more than ", capacity, " dimensions");
    std::copy(shape.begin(), shape.end(), sizes);
    return static_cast<int32_t>(shape.size());
  }, -1);
}

RLT_API int64_t rlt_tensor_stride(Handle handle, int32_t dim) {
  return guarded([&] { return borrow(handle).stride(dim); }, static_cast<int64_t>(-1));
}

RLT_API int64_t rlt_tensor_numel(Handle handle) { return handle->numel(); }
RLT_API int32_t rlt_tensor_dtype(Handle handle) { return static_cast<int32_t>(c10::typeMetaToScalarType(handle->dtype())); }
RLT_API int32_t rlt_tensor_is_contiguous(Handle handle) { return handle->is_contiguous() ? 1 : 0; }

RLT_API int64_t rlt_tensor_device(Handle handle) {
  auto device = handle->device();
  return (static_cast<int64_t>(device.type()) << 32) | static_cast<uint32_t>(static_cast<int32_t>(device.index()));
}

RLT_API void* rlt_tensor_data(Handle handle) {
  return guarded([&] { return borrow(handle).data_ptr(); }, static_cast<void*>(nullptr));
}

// The memory stays the caller's and must outlive the tensor.
RLT_API Handle rlt_tensor_from_blob(void* data, const int64_t* sizes, int32_t dims, int32_t dtype) {
  return guarded([&] {
    return release(at::from_blob(data, at::IntArrayRef(sizes, dims), at::TensorOptions(static_cast<c10::ScalarType>(dtype))));
  }, nullptr);
}

// ---- autograd ----

RLT_API int32_t rlt_tensor_requires_grad(Handle handle) { return handle->requires_grad() ? 1 : 0; }

RLT_API int32_t rlt_tensor_set_requires_grad(Handle handle, int32_t on) {
  return guarded([&] { borrow(handle).set_requires_grad(on != 0); return 0; }, -1);
}

RLT_API Handle rlt_tensor_grad(Handle handle) {
  return guarded([&] { return release(borrow(handle).grad()); }, nullptr);
}

RLT_API int32_t rlt_tensor_set_grad(Handle handle, Handle gradient) {
  return guarded([&] { borrow(handle).mutable_grad() = borrow(gradient); return 0; }, -1);
}

RLT_API int32_t rlt_backward(void* const* outputs, void* const* gradients, int32_t count, int32_t gradient_count,
                             void* const* inputs, int32_t input_count, int32_t retain, int32_t create) {
  return guarded([&] {
    torch::autograd::backward(tensor_list(outputs, count), tensor_list(gradients, gradient_count), retain != 0, create != 0,
                              tensor_list(inputs, input_count));
    return 0;
  }, -1);
}

RLT_API int32_t rlt_grad_enabled() { return c10::GradMode::is_enabled() ? 1 : 0; }
RLT_API void rlt_set_grad_enabled(int32_t on) { c10::GradMode::set_enabled(on != 0); }

// ---- the machine ----

RLT_API const char* rlt_torch_version() { return TORCH_VERSION; }
RLT_API void rlt_set_threads(int32_t count) { at::set_num_threads(count); }
RLT_API int32_t rlt_threads() { return at::get_num_threads(); }

RLT_API int32_t rlt_manual_seed(int64_t seed) {
  return guarded([&] { at::manual_seed(static_cast<uint64_t>(seed)); return 0; }, -1);
}

// The core type of the OpenBLAS in this process, or null where the BLAS is another.
RLT_API const char* rlt_openblas_core() {
  auto core = reinterpret_cast<char* (*)()>(dlsym(RTLD_DEFAULT, "openblas_get_corename"));
  return core == nullptr ? nullptr : core();
}

// 0 sequential, 1 pthreads, 2 OpenMP; -1 where the BLAS is not OpenBLAS.
RLT_API int32_t rlt_openblas_parallel() {
  auto parallel = reinterpret_cast<int (*)()>(dlsym(RTLD_DEFAULT, "openblas_get_parallel"));
  return parallel == nullptr ? -1 : parallel();
}

RLT_API int32_t rlt_has_mkl() { return at::hasMKL() ? 1 : 0; }

RLT_API int32_t rlt_cuda_device_count() {
  return guarded([&]() -> int32_t {
    return at::detail::getCUDAHooks().hasCUDA() ? static_cast<int32_t>(at::detail::getCUDAHooks().getNumGPUs()) : 0;
  }, 0);
}

RLT_API int32_t rlt_cuda_synchronize(int32_t index) {
  return guarded([&] {
#ifdef RLT_CUDA
    c10::cuda::set_device(static_cast<c10::DeviceIndex>(index));
    c10::cuda::device_synchronize();
#else
    TORCH_CHECK(false, "built without CUDA (device ", index, ")");
#endif
    return 0;
  }, -1);
}

// Allocated now, allocated at the peak, reserved from the driver; bytes.
RLT_API int32_t rlt_cuda_memory(int32_t index, int64_t* bytes) {
  return guarded([&] {
#ifdef RLT_CUDA
    auto stats = c10::cuda::CUDACachingAllocator::getDeviceStats(static_cast<c10::DeviceIndex>(index));
    bytes[0] = stats.allocated_bytes[0].current;
    bytes[1] = stats.allocated_bytes[0].peak;
    bytes[2] = stats.reserved_bytes[0].current;
#else
    TORCH_CHECK(false, "built without CUDA (device ", index, ")");
#endif
    return 0;
  }, -1);
}

RLT_API int32_t rlt_cuda_reset_peak(int32_t index) {
  return guarded([&] {
#ifdef RLT_CUDA
    c10::cuda::CUDACachingAllocator::resetPeakStats(static_cast<c10::DeviceIndex>(index));
#else
    TORCH_CHECK(false, "built without CUDA (device ", index, ")");
#endif
    return 0;
  }, -1);
}
