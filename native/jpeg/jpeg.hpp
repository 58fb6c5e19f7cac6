// JPEG files, decoded by libjpeg-turbo. Only compiled where CMake found it as a library to be linked in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "../core/kernels.hpp"

namespace equipoise {

// What must be known of a file before: its size, and 1 channel of grey or 3 of colour.
struct Jpeg {
  std::span<const std::uint8_t> bytes;
  std::size_t width;
  std::size_t height;
  std::size_t channels;
};

// "libjpeg-turbo 2.1.5"
extern const char* const kJpegLibrary;

// Both answer kNotPlain, and have written nothing that counts, unless the file is of that shape, sound to the last byte and of a
// kind that every version of the library decodes to the same pixels.

// -> pixels (height, width, channels).
Status decode_jpeg(const Jpeg& jpeg, std::uint8_t* pixels) noexcept;
// -> what `resample` makes of these pixels, without holding them. Shape and pixels of `task` are not read.
Status resample_jpeg(const Isa& isa, const Jpeg& jpeg, Resample task) noexcept;

}  // namespace equipoise
