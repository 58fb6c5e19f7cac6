#include "../simd/isa.hpp"
#include "kernels.hpp"

namespace equipoise {

void interpolate(const Isa& isa, const Interpolate& task) noexcept {
  for (std::size_t r = 0; r < task.base.size(); r++)
    isa.interpolate_row(task.x + static_cast<std::size_t>(task.base[r]) * task.cols,
                        task.x + static_cast<std::size_t>(task.other[r]) * task.cols, task.step[r], task.cols,
                        task.out + r * task.cols);
}

}  // namespace equipoise
