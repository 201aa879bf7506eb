#include "app/process.h"

#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

namespace novip::app {
namespace {

std::string contents(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(DescriptorLimit, NeverPromisesMoreThanItCanOpen) {
  const unsigned all = raise_descriptor_limit(0, 0, 100);
  EXPECT_GE(all, 1U);
  EXPECT_EQ(raise_descriptor_limit(10, 0, 100), 10U);
  EXPECT_GE(4'000'000'000U, raise_descriptor_limit(4'000'000'000U, 0, 100));
  EXPECT_LT(raise_descriptor_limit(2'000'000'000U, 0, 100), 2'000'000'000U);
}

TEST(Pidfile, HoldsTheIdAndGoesWhenWeEnd) {
  const auto path =
      std::filesystem::temp_directory_path() / ("novip-pidfile-" + std::to_string(::getpid()));
  Pidfile pidfile;
  ASSERT_TRUE(pidfile.open(path));
  pidfile.write(4242);
  EXPECT_EQ(contents(path), "4242\n");
  pidfile.clear();
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(Pidfile, LeavesASuccessorsFileAlone) {
  const auto path = std::filesystem::temp_directory_path() /
                    ("novip-pidfile-successor-" + std::to_string(::getpid()));
  Pidfile pidfile;
  ASSERT_TRUE(pidfile.open(path));
  pidfile.write(1);
  std::filesystem::remove(path);
  std::ofstream(path) << "2\n";
  pidfile.clear();
  EXPECT_EQ(contents(path), "2\n");
  std::filesystem::remove(path);
}

TEST(Pidfile, SaysWhichFileCannotBeMade) {
  Pidfile pidfile;
  const auto opened = pidfile.open("/nonexistent/novip.pid");
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message.find("'/nonexistent/novip.pid'"), std::string::npos);
}

}  // namespace
}  // namespace novip::app
