// NCCL's and the CUDA driver's C interface over shared memory of one machine, for main memory: an operation is done when it is queued.
// Every call is written, with what it was given, to the file $MADE_UP_NCCL.RANK.
#include <atomic>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sched.h>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

namespace {

constexpr size_t SlotBytes = 1 << 16;
constexpr int MostRanks = 8;

struct Shared {
  std::atomic<int> arrived, round;
  char slots[MostRanks][SlotBytes];
};

struct Id {
  char name[128];
};

struct Communicator {
  Shared* shared;
  int ranks, rank;

  void meet() {
    int round = shared->round.load();
    if (shared->arrived.fetch_add(1) + 1 == ranks) {
      shared->arrived = 0;
      shared->round++;
    } else {
      while (shared->round.load() == round) sched_yield();
    }
  }
};

FILE* file = nullptr;

int note(const char* format, ...) {
  if (file == nullptr) {
    file = fopen((std::string(getenv("MADE_UP_NCCL")) + "." + getenv("MADE_UP_RANK")).c_str(), "w");
  }
  va_list arguments;
  va_start(arguments, format);
  vfprintf(file, format, arguments);
  va_end(arguments);
  fputc('\n', file);
  fflush(file);
  return 0;
}

size_t bytes_of(int type) { return type == 4 ? 8 : type == 7 ? 4 : 2; }

const char* name_of(int type) { return type == 4 ? "int64" : type == 7 ? "float32" : type == 9 ? "bfloat16" : "?"; }

template <typename T>
void add(T* sum, const char (*slots)[SlotBytes], int ranks, size_t count) {
  for (size_t i = 0; i < count; i++) {
    T total = reinterpret_cast<const T*>(slots[0])[i];
    for (int rank = 1; rank < ranks; rank++) total += reinterpret_cast<const T*>(slots[rank])[i];
    sum[i] = total;
  }
}

// All ranks' parts of as many elements pass through the slots.
template <typename Use>
void pieces(Communicator* all, const char* send, size_t count, int type, Use use) {
  size_t element = bytes_of(type), most = SlotBytes / element;
  for (size_t first = 0; first < count; first += most) {
    size_t now = count - first < most ? count - first : most;
    memcpy(all->shared->slots[all->rank], send + first * element, now * element);
    all->meet();
    use(first, now);
    all->meet();
  }
}

void reduce(Communicator* all, const char* send, char* receive, size_t count, int type, bool keeps) {
  pieces(all, send, count, type, [&](size_t first, size_t now) {
    if (!keeps) return;
    char* to = receive + first * bytes_of(type);
    if (type == 4) add(reinterpret_cast<int64_t*>(to), all->shared->slots, all->ranks, now);
    else add(reinterpret_cast<float*>(to), all->shared->slots, all->ranks, now);
  });
}

}  // namespace

extern "C" {

int ncclGetUniqueId(Id* id) {
  snprintf(id->name, sizeof id->name, "/made-up-nccl-%d", getpid());
  int memory = shm_open(id->name, O_CREAT | O_RDWR, 0600);
  int failed = ftruncate(memory, sizeof(Shared));
  close(memory);
  return note("id") | failed;
}

int ncclCommInitRank(Communicator** made, int ranks, Id id, int rank) {
  int memory = shm_open(id.name, O_RDWR, 0600);
  if (memory < 0) return 2;
  void* at = mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
  close(memory);
  *made = new Communicator{static_cast<Shared*>(at), ranks, rank};
  (*made)->meet();
  if (rank == 0) shm_unlink(id.name);
  return note("init %d of %d", rank, ranks);
}

int ncclCommDestroy(Communicator* all) {
  delete all;
  return note("destroy");
}

const char* ncclGetErrorString(int) { return "made-up error"; }

int ncclAllReduce(const char* send, char* receive, size_t count, int type, int op, Communicator* all, void* stream) {
  if (op != 0 || type == 9) return 4;
  note("all-reduce %zu %s on %p", count, name_of(type), stream);
  reduce(all, send, receive, count, type, true);
  return 0;
}

int ncclReduceScatter(const char* send, char* receive, size_t count, int type, int op, Communicator* all, void* stream) {
  if (op != 0 || type == 9) return 4;
  note("reduce-scatter %zu %s on %p", count, name_of(type), stream);
  for (int rank = 0; rank < all->ranks; rank++) reduce(all, send + rank * count * bytes_of(type), receive, count, type, rank == all->rank);
  return 0;
}

int ncclAllGather(const char* send, char* receive, size_t count, int type, Communicator* all, void* stream) {
  note("all-gather %zu %s on %p", count, name_of(type), stream);
  size_t element = bytes_of(type);
  pieces(all, send, count, type, [&](size_t first, size_t now) {
    for (int rank = 0; rank < all->ranks; rank++) memcpy(receive + (rank * count + first) * element, all->shared->slots[rank], now * element);
  });
  return 0;
}

int ncclBroadcast(const char* send, char* receive, size_t count, int type, int root, Communicator* all, void* stream) {
  note("broadcast %zu %s from %d on %p", count, name_of(type), root, stream);
  pieces(all, send, count, type, [&](size_t first, size_t now) { memcpy(receive + first * bytes_of(type), all->shared->slots[root], now * bytes_of(type)); });
  return 0;
}

int cuDeviceGet(int* device, int ordinal) { return *device = ordinal, note("device %d", ordinal); }
int cuDevicePrimaryCtxRetain(void** context, int) { return *context = reinterpret_cast<void*>(0xc0), 0; }
int cuCtxSetCurrent(void* context) { return context == reinterpret_cast<void*>(0xc0) ? 0 : 201; }
int cuStreamCreate(void** stream, unsigned flags) { return *stream = reinterpret_cast<void*>(0x5), flags == 1 ? 0 : 1; }
int cuStreamWaitEvent(void* stream, void* event, unsigned) { return note("%p waits for %ld", stream, reinterpret_cast<long>(event)); }
int cuStreamSynchronize(void*) { return 0; }
int cuEventCreate(void** event, unsigned) {
  static long events = 0;
  *event = reinterpret_cast<void*>(++events);
  return 0;
}
int cuEventRecord(void* event, void* stream) { return note("%ld after %p", reinterpret_cast<long>(event), stream); }
int cuEventDestroy_v2(void*) { return 0; }
int aoti_torch_get_current_cuda_stream(int, void** stream) { return *stream = reinterpret_cast<void*>(0x7), 0; }
}
