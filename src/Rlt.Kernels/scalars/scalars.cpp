// TorchSharp gives libtorch the address of a number, and the collector may free the number while libtorch has yet to read it: no call of TorchSharp's
// keeps it alive. This library stands before TorchSharp's own: what it does not have is found in that one, and what it has is taken from here.
// A number that the collector frees is freed once as many others have been freed after it as no call can outlast.
#include <atomic>
#include <cstdint>

namespace {

constexpr uint64_t kKept = 1 << 16;  // 2 MiB of numbers
std::atomic<void*> kept[kKept];
std::atomic<uint64_t> next;
void (*dispose)(void*);

}  // namespace

#define RLT_API extern "C" __attribute__((visibility("default")))

RLT_API void rlt_dispose_scalars_by(void (*function)(void*)) { dispose = function; }

RLT_API void THSTorch_dispose_scalar(void* scalar) {
  if (void* oldest = kept[next++ % kKept].exchange(scalar)) dispose(oldest);
}
