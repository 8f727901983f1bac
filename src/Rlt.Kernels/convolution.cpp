// The causal convolution of each channel along a sequence, with SiLU. A tile of channels is taken through rows that follow each other; of as many rows as
// there are taps, row t is at hand at t modulo taps.
#include <algorithm>
#include <vector>

#include "blocks.h"

namespace rlt {
namespace {

constexpr int64_t kTileChannels = 256;
constexpr int64_t kTileRows = 64;
constexpr int64_t kParts = 32;  // of the sum over trees in a weight's gradient, whatever the number of threads

inline floats sigmoid(floats x) {
  floats exponent = -larger(broadcast(-126.0f), x * 1.44269504f);  // at most 126
  return 1.0f / (1.0f + power_of_two(exponent));
}

// Some channels of a convolution, all in floats with zeros beyond the last channel.
template <typename T, typename W>
struct ConvolutionTile {
  int64_t all, first, channels, taps, width;
  Lines<float> memory;
  float *weights, *rows;  // [taps][width]; weights from that of the row itself to that of the row furthest before it
  std::vector<const float*> before;

  ConvolutionTile(const W* weight, ConvolutionShape shape, int64_t tile)
      : all(shape.channels), first(tile * kTileChannels), channels(std::min(kTileChannels, shape.channels - first)), taps(shape.taps),
        width(round_up(channels, kLanes)), memory(2 * taps * width), weights(memory.data()), rows(weights + taps * width), before(taps) {
    for (int64_t c = 0; c < channels; c++)
      for (int64_t back = 0; back < taps; back++) weights[back * width + c] = widen(weight[(first + c) * taps + taps - 1 - back]);
  }

  // Whatever is at t modulo taps.
  float* at(float* ring, int64_t t) const { return ring + (t + taps) % taps * width; }

  // Brings row t of a segment to hand, which may lie in its parent; zeros before the sequence's first.
  void read(const T* x, const Segment& segment, int64_t t) {
    int64_t row = t >= 0 ? segment.start + t : segment.parent_start + segment.parent_length + t;
    widen_row(x + row * all + first, t + segment.parent_length >= 0 ? channels : 0, width, at(rows, t));
  }

  // Points to row t and those before it, and returns the sum over them at some lanes.
  void stand_at(int64_t t) {
    for (int64_t back = 0; back < taps; back++) before[back] = at(rows, t - back);
  }
  floats sum(int64_t lane) const {
    floats value{};
    for (int64_t back = 0; back < taps; back++) value = fused(load(weights + back * width + lane), load(before[back] + lane), value);
    return value;
  }

  // The result of the rows stood at.
  void write(T* y) const {
    float result[kTileChannels];
    for (int64_t i = 0; i < width; i += kLanes) {
      floats z = sum(i);
      store(result + i, z * sigmoid(z));
    }
    narrow_row(result, channels, y);
  }
};

// The gradients of a tile over some trees, each from its last row to its first. The gradient of a sum reaches the rows that it was made of.
template <typename T, typename W>
struct ConvolutionBackward {
  ConvolutionTile<T, W> tile;
  const T *dy, *x;
  T* dx;
  float* dweights;  // [taps][width], as the tile's weights

  // `ahead` has the gradients of sums by row: on entry those of the rows after the segment's last. `heads`, where it is not null, is the parent's: the
  // first rows' gradients are added there.
  void segment(const Segment& segment, float* ahead, float* heads) {
    float above[kTileChannels];
    std::vector<const float*> after(tile.taps);
    for (int64_t t = segment.length - 1; t > segment.length - tile.taps; t--) tile.read(x, segment, t);
    for (int64_t t = segment.length - 1; t >= 0; t--) {
      tile.read(x, segment, t - tile.taps + 1);
      tile.stand_at(t);
      int64_t row = (segment.start + t) * tile.all + tile.first;
      widen_row(dy + row, tile.channels, tile.width, above);
      for (int64_t forth = 0; forth < tile.taps; forth++) after[forth] = tile.at(ahead, t + forth);
      float *own = tile.at(ahead, t), *of_parent = heads != nullptr && t < tile.taps - 1 ? tile.at(heads, segment.parent_length + t) : nullptr;
      for (int64_t i = 0; i < tile.width; i += kLanes) {
        floats z = tile.sum(i), s = sigmoid(z), gradient = load(above + i) * s * (1.0f + z * (1.0f - s)), dx_here{};
        store(own + i, gradient);
        if (of_parent != nullptr) store(of_parent + i, load(of_parent + i) + gradient);
        for (int64_t j = 0; j < tile.taps; j++) {
          float* dweight = dweights + j * tile.width + i;
          store(dweight, fused(gradient, load(tile.before[j] + i), load(dweight)));
          dx_here = fused(load(tile.weights + j * tile.width + i), load(after[j] + i), dx_here);
        }
        store(above + i, dx_here);
      }
      narrow_row(above, tile.channels, dx + row);
    }
  }
};

int64_t tiles_of(ConvolutionShape shape) { return (shape.channels + kTileChannels - 1) / kTileChannels; }

}  // namespace

template <typename T, typename W>
void causal_convolution(const T* x, const W* weight, const Segment* segments, int64_t count, ConvolutionShape shape, T* y) {
  struct Block {
    const Segment* segment;
    int64_t first, last;
  };
  std::vector<Block> blocks;
  for (const Segment* s = segments; s < segments + count; s++)
    for (int64_t first = 0; first < s->length; first += kTileRows) blocks.push_back({s, first, std::min(first + kTileRows, s->length)});
  int64_t tiles = tiles_of(shape);
  parallel_items(static_cast<int64_t>(blocks.size()) * tiles, [&](int64_t item) {
    const Block& block = blocks[item / tiles];
    ConvolutionTile<T, W> tile(weight, shape, item % tiles);
    for (int64_t t = block.first - shape.taps + 1; t < block.last; t++) {
      tile.read(x, *block.segment, t);
      if (t < block.first) continue;
      tile.stand_at(t);
      tile.write(y + (block.segment->start + t) * shape.channels + tile.first);
    }
  });
}

template <typename T, typename W>
void causal_convolution_backward(
    const T* dy, const T* x, const W* weight, const Segment* segments, int64_t count, ConvolutionShape shape, T* dx, float* dweight) {
  SegmentTrees trees(segments, count);
  int64_t roots = static_cast<int64_t>(trees.roots.size()), parts = std::min(kParts, roots), tiles = tiles_of(shape), sums = shape.taps * kTileChannels;
  Lines<float> partial(parts * tiles * sums, 0.0f);
  parallel_items(parts * tiles, [&](int64_t item) {
    int64_t part = item / tiles;
    ConvolutionBackward<T, W> work{{weight, shape, item % tiles}, dy, x, dx, partial.data() + item * sums};
    Lines<float> memory(2 * shape.taps * work.tile.width);
    float *own = memory.data(), *of_children = own + shape.taps * work.tile.width;
    for (int64_t i = roots * part / parts; i < roots * (part + 1) / parts; i++) {
      std::fill(of_children, of_children + shape.taps * work.tile.width, 0.0f);
      for (int64_t child : trees.children[trees.roots[i]]) {
        std::fill(own, of_children, 0.0f);
        work.segment(segments[child], own, of_children);
      }
      work.segment(segments[trees.roots[i]], of_children, nullptr);
    }
  });
  for (int64_t item = 0; dweight != nullptr && item < parts * tiles; item++) {
    int64_t first = item % tiles * kTileChannels, channels = std::min(kTileChannels, shape.channels - first), width = round_up(channels, kLanes);
    for (int64_t c = 0; c < channels; c++)
      for (int64_t back = 0; back < shape.taps; back++)
        dweight[(first + c) * shape.taps + shape.taps - 1 - back] += partial[item * sums + back * width + c];
  }
}

template <typename T, typename W>
void causal_convolution_step(const T* x, const W* weight, T* tails, const int64_t* slots, ConvolutionShape shape, T* y) {
  parallel_items(tiles_of(shape), [&](int64_t item) {
    ConvolutionTile<T, W> tile(weight, shape, item);
    int64_t before = shape.taps - 1;
    for (int64_t row = 0; row < shape.rows; row++) {
      const T* from = x + row * shape.channels + tile.first;
      T* tail = tails + slots[row] * before * shape.channels + tile.first;
      for (int64_t j = 0; j < before; j++) widen_row(tail + j * shape.channels, tile.channels, tile.width, tile.at(tile.rows, j));
      widen_row(from, tile.channels, tile.width, tile.at(tile.rows, before));
      tile.stand_at(before);
      tile.write(y + row * shape.channels + tile.first);
      for (int64_t j = 0; j < before; j++)
        std::copy_n(j + 1 < before ? tail + (j + 1) * shape.channels : from, tile.channels, tail + j * shape.channels);
    }
  });
}

#define RLT_FOR(T, W)                                                                                                                     \
  template void causal_convolution<T, W>(const T*, const W*, const Segment*, int64_t, ConvolutionShape, T*);                              \
  template void causal_convolution_backward<T, W>(const T*, const T*, const W*, const Segment*, int64_t, ConvolutionShape, T*, float*);    \
  template void causal_convolution_step<T, W>(const T*, const W*, T*, const int64_t*, ConvolutionShape, T*);

RLT_FOR(float, float)
RLT_FOR(float, bf16)
RLT_FOR(bf16, float)
RLT_FOR(bf16, bf16)

}  // namespace rlt
