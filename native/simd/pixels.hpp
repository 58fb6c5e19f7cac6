#pragma once

#include <cstddef>
#include <cstdint>

#include "isa.hpp"

namespace equipoise::EQUIPOISE_ISA {

void filter_rows(const std::uint8_t* pixels, std::size_t step, std::size_t rows, std::size_t channels, const Taps& taps,
                 std::size_t first, std::size_t last, std::uint8_t* columns, std::uint8_t* filtered, std::uint8_t* out,
                 std::size_t out_step);
void filter_column(const std::uint8_t* rows, std::size_t step, std::size_t count, const std::int32_t* weights,
                   std::size_t length, std::uint8_t* out);

}  // namespace equipoise::EQUIPOISE_ISA
