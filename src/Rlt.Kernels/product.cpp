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
#ifdef __AVX512F__
template <typename W>
constexpr int64_t kTileRows = kByTiles<W> ? 32 : 14;
#else
template <typename W>
constexpr int64_t kTileRows = 6;
#endif
constexpr int64_t kTileColumns = 2 * kLanes;

// A block of a stays in the second cache, and is multiplied with two vectors of b's columns after the other. b is written out in parts, which are read
// once for each block of a.
constexpr int64_t kDepth = 512;            // words of depth of a block
template <typename W>
constexpr int64_t kBlockRows = kByTiles<W> ? 256 : 112;  // rows of a block of a
constexpr int64_t kPartDepth = 16 * kDepth;
constexpr int64_t kPartRows = 4096;
constexpr int64_t kPartColumns = 768;      // of a deep part
constexpr int64_t kPartWords = 1 << 21;    // of a shallow one
constexpr int64_t kPackedTogether = 8;     // strips
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

// sums[ROWS, kTileColumns] of strips of a and b, begun at zero or carried on. Meanwhile memory that will be wanted is fetched, so many bytes a word of depth.
template <typename W, int64_t ROWS>
void multiply_strips(const typename W::Word* a, const typename W::Word* b, int64_t depth, bool carry_on, float* sums, const char* ahead, int64_t ahead_step) {
  TileSums<W, ROWS> sum{};
  if (carry_on) sum.read(sums);
  for (int64_t k = 0; k < depth; k++, a += ROWS, b += kTileColumns, ahead += ahead_step) {
    __builtin_prefetch(ahead);
    sum.multiply_add(a, W::read(b), W::read(b + kLanes));
  }
  sum.write(sums);
}

template <typename W>
using MultiplyStrips = void (*)(const typename W::Word*, const typename W::Word*, int64_t, bool, float*, const char*, int64_t);

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

  void multiply(
      const typename W::Word* a, const typename W::Word* b, int64_t, int64_t depth, bool carry_on, float* sums, const char* ahead, int64_t ahead_step) {
    multiply_(a, b, depth, carry_on, sums, ahead, ahead_step);
  }

 private:
  MultiplyStrips<W> multiply_;
};

#ifdef RLT_TILES
template <typename W>
class StripProduct<W, true> {
 public:
  explicit StripProduct(int64_t) {}

  void multiply(
      const typename W::Word* a, const typename W::Word* b, int64_t rows, int64_t depth, bool carry_on, float* sums, const char* ahead, int64_t ahead_step) {
    int64_t steps = depth / kTile;
    multiply_tiles(
        tiles_, sums, kTileColumns, TileRowsSource::of_tiles(a, steps), b, kTileColumns, rows, kTileColumns, steps, carry_on, ahead, ahead_step * kTile);
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
  int64_t rows, columns, depth;

  using Word = typename W::Word;

  static constexpr int64_t kStep = kDepth * W::kElements;  // elements of depth of a block

  // Tiles of equal height.
  int64_t tile_rows = 0;
  bool worth_threads = false;

  // Some rows and columns of c.
  struct Part {
    int64_t row, row_end, column, column_end;
    int64_t height(int64_t tile) const { return (row_end - row + tile - 1) / tile; }
    int64_t width() const { return (column_end - column + kTileColumns - 1) / kTileColumns; }
  };

  template <typename Body>
  void each(int64_t count, const Body& body) const {
    if (worth_threads) return parallel_items(count, body);
    for (int64_t i = 0; i < count; i++) body(i);
  }

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

  // The biases of a tile's columns, or zeros.
  void biases_of(int64_t column, int64_t column_end, float* to) const {
    std::fill(to, to + kTileColumns, 0.0f);
    if (bias == nullptr) return;
    for (int64_t n = 0; n < std::min(kTileColumns, column_end - column); n++)
      to[n] = b.type == Element::kFloat ? static_cast<const float*>(bias)[column + n] : widen(static_cast<const bf16*>(bias)[column + n]);
  }

  // The words of b's columns for the depth [begin, end), in blocks of kStep: [block][strip].
  void pack_right(const Part& part, int64_t begin, int64_t end, Word* to) const {
    constexpr int64_t group = kPackedTogether * kTileColumns;
    int64_t groups = (part.column_end - part.column + group - 1) / group, blocks = std::max<int64_t>(1, (end - begin + kStep - 1) / kStep);
    each(blocks * groups, [&](int64_t i) {
      int64_t block = i / groups, first = i % groups * group, from = begin + block * kStep, elements = std::min(kStep, end - from);
      int64_t lanes = std::min(group, part.column_end - part.column - first);
      Word* strips = to + block * part.width() * strip_words(kDepth, kTileColumns);
      pack<W>(b.from(part.column + first, from), lanes, elements, kTileColumns, strips
          + first / kTileColumns * strip_words(words_of<W>(elements), kTileColumns));
    });
  }

  // Multiplies a block of a's rows with the strips of b from `first` on, for the depth [begin, end). The sums wait in `sums`, [strip][tile], until
  // the depth's end.
  void multiply_block(const Part& block, int64_t begin, int64_t end, const Word* packed_b, int64_t b_strips, int64_t first, float* sums) const {
    int64_t tiles = block.height(tile_rows), strips = block.width(), tile = tile_rows * kTileColumns;
    Word* packed_a = scratch<struct PackedA, Word>(tiles * strip_words(std::min(kDepth, words_of<W>(depth)), tile_rows));
    StripProduct<W> product(tile_rows);
    for (int64_t k = begin; k == begin || k < end; k += kStep, packed_b += b_strips * strip_words(kDepth, kTileColumns)) {  // once where the depth is 0
      int64_t elements = std::min(kStep, end - k), count = words_of<W>(elements);
      bool last = k + elements == depth;
      pack_left<W>(a.from(block.row, k), block.row_end - block.row, elements, tile_rows, packed_a);
      for (int64_t n = 0; n < strips; n++) {
        int64_t column = block.column + n * kTileColumns;
        // The next strip comes from the third cache.
        const char* ahead = reinterpret_cast<const char*>(packed_b + (first + n + 1) * strip_words(count, kTileColumns));
        int64_t ahead_step = (kTileColumns * sizeof(Word) + tiles - 1) / tiles;
        float biases[kTileColumns];
        if (last) biases_of(column, block.column_end, biases);
        for (int64_t m = 0; m < tiles; m++) {
          float* tile_sums = depth > kStep ? sums + (n * tiles + m) * tile : sums;
          int64_t row = block.row + m * tile_rows;
          if (last) fetch(row, column, block.row_end);
          product.multiply(
              packed_a + m * strip_words(count, tile_rows), packed_b + (first + n) * strip_words(count, kTileColumns),
                  std::min(tile_rows, block.row_end - row), count, k > 0,
              tile_sums, ahead + m * ahead_step * count, ahead_step);
          if (last) finish(tile_sums, biases, row, column, block.row_end, block.column_end);
        }
      }
    }
  }

  // b is written out once and read by all threads; each of them then takes blocks of a's rows or, where there are few, of both sides.
  void multiply_part(const Part& part) const {
    constexpr int64_t most_depth = kPartDepth * W::kElements;
    int64_t threads = worth_threads ? thread_count() : 1, tiles = part.height(tile_rows), strips = part.width(), tile = tile_rows * kTileColumns;
    int64_t blocks = round_up((tiles + kBlockRows<W> / tile_rows - 1) / (kBlockRows<W> / tile_rows), threads), block_tiles = (tiles + blocks - 1) / blocks;
    blocks = (tiles + block_tiles - 1) / block_tiles;
    int64_t block_strips = blocks >= threads ? strips : std::max<int64_t>(1, strips * blocks / threads), across = (strips + block_strips - 1) / block_strips;

    int64_t depth_blocks = std::max<int64_t>(1, (std::min(depth, most_depth) + kStep - 1) / kStep);
    Word* packed_b = scratch<struct PackedB, Word>(depth_blocks * strips * strip_words(std::min(kDepth, words_of<W>(depth)), kTileColumns));
    bool waiting = depth > most_depth;
    float* all_sums = waiting ? scratch<struct AllSums, float>(blocks * across * block_tiles * block_strips * tile) : nullptr;
    for (int64_t k = 0; k == 0 || k < depth; k += most_depth) {
      int64_t end = std::min(depth, k + most_depth);
      pack_right(part, k, end, packed_b);
      each(blocks * across, [&](int64_t i) {
        int64_t row = part.row + i / across * block_tiles * tile_rows, first = i % across * block_strips, column = part.column + first * kTileColumns;
        Part block{row, std::min(part.row_end, row + block_tiles * tile_rows), column, std::min(part.column_end, column + block_strips * kTileColumns)};
        int64_t size = block_tiles * block_strips * tile;
        float* sums = waiting ? all_sums + i * size : scratch<struct Sums, float>(depth > kStep ? size : tile);
        multiply_block(block, k, end, packed_b, strips, first, sums);
      });
    }
  }

  void run() {
    int64_t tiles = (rows + kTileRows<W> - 1) / kTileRows<W>;
    tile_rows = kByTiles<W> ? kTileRows<W> : (rows + tiles - 1) / tiles;
    worth_threads = rows * columns * depth >= 2 * kWorthAThread;
    int64_t width = equal_parts(columns, std::max(kPartColumns, kPartWords / std::max<int64_t>(1, std::min(kPartDepth, words_of<W>(depth)))), kTileColumns);
    int64_t height = equal_parts(rows, kPartRows, tile_rows);
    for (int64_t column = 0; column < columns; column += width)
      for (int64_t row = 0; row < rows; row += height) multiply_part({row, std::min(row + height, rows), column, std::min(column + width, columns)});
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
