// Matrix products of any shape. Both sides are written out, block by block, in the order in which a tile of c in registers reads them (Goto and
// van de Geijn, "Anatomy of high-performance matrix multiplication", 2008).
//
// An element of c is one chain of products over the depth, in order; between blocks of depth it waits, unrounded, in scratch memory. So its
// bits depend neither on the blocks nor on the threads, and are those of linear_rows.
#include "product.h"

#include <algorithm>

#include "pack.h"

namespace rlt {
namespace {

// A tile's sums, two vectors of b and one value of a fill the 32 registers of AVX-512, or the 16 of AVX2. Where the processor has tiles of its own, four
// of them are one tile here.
template <typename W>
constexpr bool kByTiles = W::kMultiple > 1;
#ifdef __AVX512F__
template <typename W>
constexpr int64_t kTileRows = kByTiles<W> ? 32 : 14;
#else
template <typename W>
constexpr int64_t kTileRows = 6;
#endif
constexpr int64_t kTileColumns = 2 * kLanes;

// A block of a stays in the second cache, and is multiplied with two vectors of b's columns after the other.
constexpr int64_t kDepth = 512;                    // words of depth of a block
template <typename W>
constexpr int64_t kRowTiles = 112 / kTileRows<W>;  // tiles of a block of a
template <typename W>
constexpr int64_t kPartTiles = 1024 / kTileRows<W>;  // tiles of rows that a block of b is written out for
constexpr int64_t kColumns = 768;                  // columns of a block of b
constexpr int64_t kWorthAThread = 1 << 20;         // products of two numbers

// The size of parts of `count`, as few and as equal as can be: no more than `most`, both multiples of `multiple`.
int64_t equal_parts(int64_t count, int64_t most, int64_t multiple) {
  int64_t parts = (count + most - 1) / most;
  return round_up((count + parts - 1) / parts, multiple);
}

// A side of the product as lanes (rows of a, or columns of b) by depth.
struct Side {
  const void* data;
  Element type;
  int64_t lane, depth;  // strides

  Side from(int64_t first_lane, int64_t first_depth) const {
    int64_t offset = (first_lane * lane + first_depth * depth) * (type == Element::kFloat ? sizeof(float) : sizeof(bf16));
    return {static_cast<const char*>(data) + offset, type, lane, depth};
  }
};

template <typename W, typename T>
void pack_of(Side side, int64_t lanes, int64_t depth, int64_t width, typename W::Word* to) {
  const T* from = static_cast<const T*>(side.data);
  side.lane == 1 ? pack_across<W>(from, side.depth, lanes, depth, width, to) : pack_along<W>(from, side.lane, lanes, depth, width, to);
}

template <typename W>
void pack(Side side, int64_t lanes, int64_t depth, int64_t width, typename W::Word* to) {
  if (side.type == Element::kBf16) return pack_of<W, bf16>(side, lanes, depth, width, to);
  if constexpr (W::kElements == 1) pack_of<W, float>(side, lanes, depth, width, to);
}

// The left-hand side, in the order that the strips' product wants.
template <typename W>
void pack_left(Side side, int64_t lanes, int64_t depth, int64_t width, typename W::Word* to) {
#ifdef RLT_TILES
  if constexpr (kByTiles<W>) {
    // A tile is `width` lanes; the padding between tiles is that of strips.
    for (int64_t lane = 0; lane < lanes; lane += width, to += strip_words(words_of<W>(depth), width)) {
      const bf16* from = static_cast<const bf16*>(side.from(lane, 0).data);
      int64_t count = std::min(width, lanes - lane);
      side.lane == 1 ? pack_tiles_across(from, side.depth, count, depth, to) : pack_tiles_along(from, side.lane, count, depth, to);
    }
    return;
  }
#endif
  pack<W>(side, lanes, depth, width, to);
}

// The sums of a tile in registers. Each has a name: an array of them would live in memory.
template <typename W, int64_t ROWS>
struct TileSums {
  floats left, right;
  TileSums<W, ROWS - 1> below;

  __attribute__((always_inline)) void read(const float* from) { left = load(from), right = load(from + kLanes), below.read(from + kTileColumns); }
  __attribute__((always_inline)) void write(float* to) const { store(to, left), store(to + kLanes, right), below.write(to + kTileColumns); }
  __attribute__((always_inline)) void multiply_add(const typename W::Word* a, typename W::Words b_left, typename W::Words b_right) {
    left = W::multiply_add(left, *a, b_left);
    right = W::multiply_add(right, *a, b_right);
    below.multiply_add(a + 1, b_left, b_right);
  }
};

template <typename W>
struct TileSums<W, 0> {
  void read(const float*) {}
  void write(float*) const {}
  void multiply_add(const typename W::Word*, typename W::Words, typename W::Words) {}
};

// sums[ROWS, kTileColumns] of strips of a and b, begun at zero or carried on.
template <typename W, int64_t ROWS>
void multiply_strips(const typename W::Word* a, const typename W::Word* b, int64_t depth, bool carry_on, float* sums) {
  TileSums<W, ROWS> sum{};
  if (carry_on) sum.read(sums);
  for (int64_t k = 0; k < depth; k++, a += ROWS, b += kTileColumns) sum.multiply_add(a, W::read(b), W::read(b + kLanes));
  sum.write(sums);
}

template <typename W>
using MultiplyStrips = void (*)(const typename W::Word*, const typename W::Word*, int64_t, bool, float*);

template <typename W, int64_t ROWS = kTileRows<W>>
MultiplyStrips<W> multiply_strips_of(int64_t rows) {
  if constexpr (ROWS > 1)
    if (rows < ROWS) return multiply_strips_of<W, ROWS - 1>(rows);
  return multiply_strips<W, ROWS>;
}

// sums[tile_rows, kTileColumns] of strips, with the instructions that the processor has for it.
template <typename W, bool BY_TILES = kByTiles<W>>
class StripProduct {
 public:
  explicit StripProduct(int64_t tile_rows) : multiply_(multiply_strips_of<W>(tile_rows)) {}

  void multiply(const typename W::Word* a, const typename W::Word* b, int64_t, int64_t depth, bool carry_on, float* sums) { multiply_(a, b, depth, carry_on, sums); }

 private:
  MultiplyStrips<W> multiply_;
};

#ifdef RLT_TILES
template <typename W>
class StripProduct<W, true> {
 public:
  explicit StripProduct(int64_t) {}

  void multiply(const typename W::Word* a, const typename W::Word* b, int64_t rows, int64_t depth, bool carry_on, float* sums) {
    TileRowsSource left{reinterpret_cast<const char*>(a), kTile * 4, kTileBytes, depth / kTile * kTileBytes};
    multiply_tiles(tiles_, sums, kTileColumns, left, b, kTileColumns, rows, kTileColumns, depth / kTile, carry_on);
  }

 private:
  Tiles tiles_;
};
#endif

template <typename T>
void finish_tile(const float* sums, const float* bias, T* c, int64_t c_row, bool add, int64_t rows, int64_t columns) {
  for (int64_t row = 0; row < rows; row++, sums += kTileColumns, c += c_row) {
    if (columns == kTileColumns) {
      for (int64_t n = 0; n < kTileColumns; n += kLanes) {
        floats value = load(sums + n) + load(bias + n);
        store(c + n, add ? load(c + n) + value : value);
      }
    } else {
      for (int64_t n = 0; n < columns; n++) {
        float value = sums[n] + bias[n];
        store(&c[n], add ? widen(c[n]) + value : value);
      }
    }
  }
}

template <typename W>
struct Product {
  Side a, b;
  const void* bias;
  void* c;
  Element c_type;
  int64_t c_row;
  bool add;
  int64_t rows, columns, depth, tile_rows;

  using Word = typename W::Word;

  void finish(const float* sums, const float* biases, int64_t row, int64_t column, int64_t row_end, int64_t column_end) const {
    int64_t count = std::min(tile_rows, row_end - row), width = std::min(kTileColumns, column_end - column), at = row * c_row + column;
    if (c_type == Element::kFloat) {
      finish_tile(sums, biases, static_cast<float*>(c) + at, c_row, add, count, width);
    } else {
      finish_tile(sums, biases, static_cast<bf16*>(c) + at, c_row, add, count, width);
    }
  }

  // Brings a tile of c into the cache while its sums are made.
  void fetch(int64_t row, int64_t column, int64_t row_end) const {
    int64_t size = c_type == Element::kFloat ? sizeof(float) : sizeof(bf16);
    for (int64_t end = std::min(row + tile_rows, row_end); row < end; row++)
      for (int64_t i = 0; i < kTileColumns * size; i += 64) __builtin_prefetch(static_cast<const char*>(c) + (row * c_row + column) * size + i, 1);
  }

  // Some rows and columns of c; of the columns no more than kColumns, and of the rows no more than kPartTiles tiles.
  void part(int64_t row_begin, int64_t row_end, int64_t column_begin, int64_t column_end) const {
    constexpr int64_t step = kDepth * W::kElements;
    int64_t lanes = column_end - column_begin, tiles = (lanes + kTileColumns - 1) / kTileColumns;
    int64_t row_tiles = (row_end - row_begin + tile_rows - 1) / tile_rows;
    int64_t most = std::min(kDepth, words_of<W>(depth)), tile = tile_rows * kTileColumns;
    Word* packed_a = scratch<struct PackedA, Word>(std::min(kRowTiles<W>, row_tiles) * strip_words(most, tile_rows));
    Word* packed_b = scratch<struct PackedB, Word>(tiles * strip_words(most, kTileColumns));
    float* sums = scratch<struct Sums, float>(depth > step ? row_tiles * tiles * tile : tile);
    float biases[kColumns] = {};
    if (bias != nullptr)
      for (int64_t n = 0; n < lanes; n++)
        biases[n] = b.type == Element::kFloat ? static_cast<const float*>(bias)[column_begin + n] : widen(static_cast<const bf16*>(bias)[column_begin + n]);
    StripProduct<W> strips(tile_rows);

    for (int64_t k = 0; k == 0 || k < depth; k += step) {  // once where the depth is 0
      int64_t elements = std::min(step, depth - k), count = words_of<W>(elements);
      bool last = k + elements == depth;
      pack<W>(b.from(column_begin, k), lanes, elements, kTileColumns, packed_b);
      for (int64_t block = 0; block < row_tiles; block += kRowTiles<W>) {
        int64_t end = std::min(block + kRowTiles<W>, row_tiles), first = row_begin + block * tile_rows;
        pack_left<W>(a.from(first, k), std::min(end * tile_rows, row_end - row_begin) - block * tile_rows, elements, tile_rows, packed_a);
        for (int64_t n = 0; n < tiles; n++)
          for (int64_t m = block; m < end; m++) {
            float* tile_sums = depth > step ? sums + (n * row_tiles + m) * tile : sums;
            if (last) fetch(row_begin + m * tile_rows, column_begin + n * kTileColumns, row_end);
            const Word* left = packed_a + (m - block) * strip_words(count, tile_rows);
            strips.multiply(left, packed_b + n * strip_words(count, kTileColumns), std::min(tile_rows, row_end - row_begin - m * tile_rows), count, k > 0, tile_sums);
            if (last)
              finish(tile_sums, biases + n * kTileColumns, row_begin + m * tile_rows, column_begin + n * kTileColumns, row_end, column_end);
          }
      }
    }
  }

  // Any rows and columns of c, in parts of equal size.
  void region(int64_t row_begin, int64_t row_end, int64_t column_begin, int64_t column_end) const {
    int64_t height = equal_parts(row_end - row_begin, kPartTiles<W> * tile_rows, tile_rows);
    int64_t width = equal_parts(column_end - column_begin, kColumns, kTileColumns);
    for (int64_t column = column_begin; column < column_end; column += width)
      for (int64_t row = row_begin; row < row_end; row += height)
        part(row, std::min(row + height, row_end), column, std::min(column + width, column_end));
  }

  // Each thread takes a run of tiles of the longer side.
  void run() {
    int64_t tiles = (rows + kTileRows<W> - 1) / kTileRows<W>;
    tile_rows = kByTiles<W> ? kTileRows<W> : (rows + tiles - 1) / tiles;  // tiles of equal height
    if (rows * columns * depth < 2 * kWorthAThread) return region(0, rows, 0, columns);
    bool by_rows = rows >= columns;
    int64_t size = by_rows ? tile_rows : kTileColumns, count = by_rows ? rows : columns;
    int64_t grain = 1 + kWorthAThread / (size * (by_rows ? columns : rows) * depth);
    parallel_ranges((count + size - 1) / size, grain, [this, size, by_rows](int64_t begin, int64_t end) {
      if (by_rows) {
        region(begin * size, std::min(end * size, rows), 0, columns);
      } else {
        region(0, rows, begin * size, std::min(end * size, columns));
      }
    });
  }
};

}  // namespace

void product(Matrix a, Matrix b, const void* bias, void* c, Element c_type, int64_t c_row, bool add, int64_t rows, int64_t columns, int64_t depth) {
  if (rows == 0 || columns == 0) return;
  Side rows_of_a{a.data, a.type, a.row_stride, a.column_stride}, columns_of_b{b.data, b.type, b.column_stride, b.row_stride};
#ifdef RLT_BF16_DOT
  if (a.type == Element::kBf16 && b.type == Element::kBf16)
    return Product<Pair>{rows_of_a, columns_of_b, bias, c, c_type, c_row, add, rows, columns, depth, 0}.run();
#endif
  Product<Single>{rows_of_a, columns_of_b, bias, c, c_type, c_row, add, rows, columns, depth, 0}.run();
}

}  // namespace rlt
