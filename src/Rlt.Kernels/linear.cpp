// A linear map of a decoding step's rows: the weights are read once, as they lie in memory. That is all that a step of a few sequences
// costs; a general product would first write them out in an order of its own.
//
// Sums run over the inputs in order, for each output in a lane of its own or for each row, as in `product`: a row's result does not
// depend on how many rows there are.
#include <algorithm>

#include "pack.h"
#include "product.h"

namespace rlt {
namespace {

constexpr int kFewRows = kLanes / 2;         // rows whose sums fit into the registers beside the weights, turned there
constexpr int64_t kMostRows = 128;           // beyond that, writing the weights out is cheap
constexpr int64_t kWorthAThread = 1 << 17;   // products of two numbers

// body(begin, end) over [0, count), an item of which is so many products: on this thread, if threads are not worth it.
template <typename Body>
void in_parallel(int64_t count, int64_t products, const Body& body) {
  int64_t grain = 1 + kWorthAThread / std::max<int64_t>(1, products);
  count <= grain ? body(0, count) : parallel_ranges(count, grain, [&](int64_t begin, int64_t end) { body(begin, end); });
}

struct Map {
  const void* bias;
  Element weight_type;
  void* y;
  Element y_type;
  int64_t rows, inputs, outputs;

  // y of a row and `count` outputs.
  void write(const float* sums, int64_t row, int64_t first, int64_t count) const {
    if (y_type == Element::kFloat) {
      write_to(static_cast<float*>(y), sums, row, first, count);
    } else {
      write_to(static_cast<bf16*>(y), sums, row, first, count);
    }
  }

 private:
  template <typename T>
  void write_to(T* to, const float* sums, int64_t row, int64_t first, int64_t count) const {
    to += row * outputs + first;
    if (bias == nullptr) {
      for (int64_t n = 0; n < count; n++) store(&to[n], sums[n]);
    } else if (weight_type == Element::kFloat) {
      for (int64_t n = 0; n < count; n++) store(&to[n], sums[n] + static_cast<const float*>(bias)[first + n]);
    } else {
      for (int64_t n = 0; n < count; n++) store(&to[n], sums[n] + widen(static_cast<const bf16*>(bias)[first + n]));
    }
  }
};

// kLanes words along a row.
template <typename W, typename T>
inline words words_along(const T* from) {
  if constexpr (W::kElements == 1) return reinterpret_cast<words>(load(from));
  return *reinterpret_cast<const words_there*>(from);
}

// Rows of words, `stride` apart.
template <typename W, typename T>
const typename W::Word* make_words(const T* from, int64_t rows, int64_t inputs, int64_t stride, typename W::Word* to) {
  int64_t count = words_of<W>(inputs);
  for (int64_t row = 0; row < rows; row++, from += inputs) {
    int64_t k = 0;
    for (; (k + kLanes) * W::kElements <= inputs; k += kLanes) write(to + row * stride + k, words_along<W>(from + k * W::kElements));
    for (; k < count; k++) to[row * stride + k] = word_at<W>(from, k, inputs);
  }
  return to;
}

// A few rows against outputs that have a lane each, in GROUPS vectors; the last output stands for those beyond it.
template <typename W, int ROWS, int GROUPS, typename T>
void lanes_of_outputs(const typename W::Word* x, const T* weight, int64_t inputs, int64_t outputs, float* y) {
  constexpr int64_t lanes = GROUPS * kLanes;
  int64_t count = words_of<W>(inputs);
  const T* lines[lanes];
  for (int64_t n = 0; n < lanes; n++) lines[n] = weight + std::min(n, outputs - 1) * inputs;
  floats sum[ROWS][GROUPS];
  for (int row = 0; row < ROWS; row++)
    for (int group = 0; group < GROUPS; group++) sum[row][group] = floats{};
  auto multiply_add = [&](int group, int64_t k, words values) {
    for (int row = 0; row < ROWS; row++)
      sum[row][group] = W::multiply_add(sum[row][group], x[row * count + k], reinterpret_cast<typename W::Words>(values));
  };
  int64_t at = 0;
  for (; at + kTurned<T> <= inputs; at += kTurned<T>) {
    // So many lines at once are more than processors follow by themselves: the next outputs are fetched in the order of memory.
    const char* ahead = reinterpret_cast<const char*>(weight + lanes * (inputs + at));
    for (int64_t i = 0; i < lanes * kLanes * 4; i += 64) __builtin_prefetch(ahead + i);
    for (int group = 0; group < GROUPS; group++)
      turn_rows<W>(lines + group * kLanes, at, [&](int k, words values) { multiply_add(group, at / W::kElements + k, values); });
  }
  for (int64_t k = at / W::kElements; k < count; k++)
    for (int group = 0; group < GROUPS; group++) {
      typename W::Word rest[kLanes];
      for (int n = 0; n < kLanes; n++) rest[n] = word_at<W>(lines[group * kLanes + n], k, inputs);
      multiply_add(group, k, *reinterpret_cast<words_there*>(rest));
    }
  for (int row = 0; row < ROWS; row++)
    for (int group = 0; group < GROUPS; group++) store(y + row * lanes + group * kLanes, sum[row][group]);
}

template <typename W, int ROWS = kFewRows, typename T>
void few(const typename W::Word* x, const T* weight, const Map& map) {
  if constexpr (ROWS > 1)
    if (map.rows < ROWS) return few<W, ROWS - 1>(x, weight, map);
  // The sums of one vector of eight would wait for their own last products.
  constexpr int groups = ROWS == 1 && kLanes == 8 ? 2 : 1;
  constexpr int64_t lanes = groups * kLanes;
  auto range = [&](int64_t begin, int64_t end) {
    for (int64_t first = begin * lanes; first < std::min(end * lanes, map.outputs); first += lanes) {
      int64_t count = std::min(lanes, map.outputs - first);
      float sums[ROWS * lanes];
      lanes_of_outputs<W, ROWS, groups>(x, weight + first * map.inputs, map.inputs, count, sums);
      for (int row = 0; row < ROWS; row++) map.write(sums + row * lanes, row, first, count);
    }
  };
  in_parallel((map.outputs + lanes - 1) / lanes, lanes * map.inputs * ROWS, range);
}

template <typename W>
constexpr int64_t kStrip = kByTiles<W> ? 32 : 12;  // outputs that are multiplied at once
template <typename W>
constexpr int64_t kPanel = kByTiles<W> ? 64 : 48;  // outputs whose sums are turned and written together: a multiple of kLanes
constexpr int64_t kGroup = 64;           // rows that a panel is multiplied with at once

// sums[outputs, width] of a strip's outputs, whose words lie `stride` apart, with rows that stand side by side.
template <typename W, typename T>
void multiply_strip(
    Tiles& tiles, const typename W::Word* left, int64_t stride, const typename W::Word* packed, int64_t width, int64_t outputs, int64_t depth,
    const char* ahead, float* sums) {
#ifdef RLT_TILES
  if constexpr (kByTiles<W>) {
    TileRowsSource rows = TileRowsSource::of_rows(left, stride);
    return multiply_tiles(tiles, sums, width, rows, packed, width, outputs, width, depth / kTile, false, ahead, kStrip<W> * kTile * 4);
  }
#endif
  multiply<FromMemory<W, T>>(sums, width, left, stride, 1, packed, width, outputs, width, depth, false, ahead);
}

// Some outputs for all rows beyond a few, which stand side by side.
template <typename W, typename T>
void panel(Tiles& tiles, const typename W::Word* packed, const T* weight, int64_t first, int64_t outputs, const Map& map) {
  using Word = typename W::Word;
  int64_t inputs = map.inputs, count = words_of<W>(inputs);
  // Words are used as they lie, other values are first made words; and so are rows of which all begin at the same place of the cache.
  bool as_they_lie = sizeof(T) * W::kElements == sizeof(Word) && inputs % (W::kElements * W::kMultiple) == 0 && inputs * sizeof(T) % 4096 != 0;
  int64_t stride = as_they_lie ? count : round_up(count, kLanes) + kLanes;
  alignas(64) float sums[kPanel<W> * kGroup], turned[kGroup * kPanel<W>];
  for (int64_t group = 0; group < map.rows; group += kGroup) {
    int64_t members = std::min(kGroup, map.rows - group), width = round_up(members, kLanes);
    for (int64_t strip = 0; strip < outputs; strip += kStrip<W>) {
      int64_t height = std::min(kStrip<W>, outputs - strip);
      const T* lines = weight + (first + strip) * inputs;
      const Word* left = reinterpret_cast<const Word*>(lines);
      if (!as_they_lie) left = make_words<W>(lines, height, inputs, stride, scratch<struct Made, Word>(kStrip<W> * stride));
      multiply_strip<W, T>(
          tiles, left, stride, packed + group / kGroup * strip_words(count, kGroup), width, height, count,
          reinterpret_cast<const char*>(lines + kStrip<W> * inputs), sums + strip * width);
    }
    for (int64_t output = 0; output < outputs; output += kLanes)
      for (int64_t row = 0; row < width; row += kLanes) {
        words block[kLanes];
        turn([&](int n) { return reinterpret_cast<words>(load(sums + (output + n) * width + row)); }, block);
        for (int n = 0; n < kLanes; n++) write(turned + (row + n) * kPanel<W> + output, block[n]);
      }
    for (int64_t row = 0; row < members; row++) map.write(turned + row * kPanel<W>, group + row, first, outputs);
  }
}

template <typename W, typename T>
void panels(const typename W::Word* packed, const T* weight, const Map& map) {
  auto range = [&](int64_t begin, int64_t end) {
    Tiles tiles;
    int64_t last = std::min(map.outputs, end * kStrip<W>);
    for (int64_t first = begin * kStrip<W>; first < last; first += kPanel<W>) panel<W>(tiles, packed, weight, first, std::min(kPanel<W>, last - first), map);
  };
  in_parallel((map.outputs + kStrip<W> - 1) / kStrip<W>, kStrip<W> * map.inputs * map.rows, range);
}

// x as words along the inputs; in place, where it is that already.
template <typename W, typename T>
const typename W::Word* row_words(const T* x, const Map& map) {
  using Word = typename W::Word;
  int64_t count = words_of<W>(map.inputs);
  if (sizeof(T) * W::kElements == sizeof(Word) && map.inputs % W::kElements == 0) return reinterpret_cast<const Word*>(x);
  return make_words<W>(x, map.rows, map.inputs, count, scratch<struct RowWords, Word>(map.rows * count));
}

template <typename W, typename X, typename T>
void linear(const X* x, const T* weight, const Map& map) {
  if constexpr (!kByTiles<W>)
    if (map.rows <= kFewRows) return few<W>(row_words<W>(x, map), weight, map);
  int64_t count = words_of<W>(map.inputs), groups = (map.rows + kGroup - 1) / kGroup;
  typename W::Word* packed = scratch<struct PackedX, typename W::Word>(groups * strip_words(count, kGroup));
  for (int64_t group = 0; group < groups; group++) {
    int64_t members = std::min(kGroup, map.rows - group * kGroup);
    pack_along<W>(
        x + group * kGroup * map.inputs, map.inputs, members, map.inputs, round_up(members, kLanes), packed + group * strip_words(count, kGroup));
  }
  panels<W>(packed, weight, map);
}

template <typename X>
void by_weight(const X* x, const void* weight, const Map& map) {
  if (map.weight_type == Element::kFloat) {
    linear<Single>(x, static_cast<const float*>(weight), map);
  } else {
    linear<std::conditional_t<std::is_same<X, bf16>::value, WordsOf<bf16>, Single>>(x, static_cast<const bf16*>(weight), map);
  }
}

}  // namespace

void linear_rows(
    const void* x, Element x_type, const void* weight, Element weight_type, const void* bias, void* y, int64_t rows, int64_t inputs, int64_t outputs) {
  if (rows == 0 || outputs == 0) return;
  if (rows > kMostRows)
    return product({x, x_type, inputs, 1}, {weight, weight_type, 1, inputs}, bias, y, x_type, outputs, false, rows, outputs, inputs);
  Map map{bias, weight_type, y, x_type, rows, inputs, outputs};
  if (x_type == Element::kFloat) {
    by_weight(static_cast<const float*>(x), weight, map);
  } else {
    by_weight(static_cast<const bf16*>(x), weight, map);
  }
}

}  // namespace rlt
