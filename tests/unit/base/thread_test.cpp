#include "base/thread.h"

#include <fstream>
#include <string>
#include <thread>

#include <gtest/gtest.h>

namespace novip {
namespace {

TEST(Thread, ItsNameIsTheOneThatTheKernelTells) {
  std::string told;
  std::thread([&told] {
    name_thread("worker");
    std::ifstream name("/proc/thread-self/comm");
    std::getline(name, told);
  }).join();
  EXPECT_EQ(told, "worker");
}

}  // namespace
}  // namespace novip
