#include <algorithm>
#include <chrono>

#include "admin/page_history.h"
#include "base/text.h"
#include "fixture.h"

namespace novip::admin {
namespace {

using std::chrono::seconds;

class HistoryTest : public AdminTest {
 protected:
  void sample(std::size_t times) {
    for (std::size_t i = 0; i < times; ++i)
      history.sample(*statistics, WallTime{} + seconds(++sampled));
  }
  std::string after(int second) const { return history.json(second * 1000, Scope()); }

  History history;
  int sampled = 0;
};

TEST_F(HistoryTest, TellsWhatIsLater) {
  sample(1);
  load.proxies[0].frontend_sessions.try_acquire();
  sample(2);
  EXPECT_EQ(after(0), R"({"times":[1000,2000,3000],"series":[)"
                      R"({"plot":"sessions","name":"prod","values":[0,1,1]},)"
                      R"({"plot":"rate","name":"prod","values":[0,0,0]},)"
                      R"({"plot":"sessions","name":"stdby","values":[0,0,0]},)"
                      R"({"plot":"rate","name":"stdby","values":[0,0,0]}]})");
  EXPECT_NE(after(1).find(R"("name":"prod","values":[1,1]})"), std::string::npos);
  EXPECT_TRUE(after(2).starts_with(R"({"times":[3000],)")) << after(2);
  EXPECT_TRUE(after(3).starts_with(R"({"times":[],)")) << after(3);
  EXPECT_NE(after(3).find(R"("name":"prod","values":[]})"), std::string::npos);
}

TEST_F(HistoryTest, IsThatOfTheLastQuarterOfAnHour) {
  sample(1);
  load.proxies[0].frontend_sessions.try_acquire();
  sample(History::points);
  EXPECT_TRUE(after(0).starts_with(R"({"times":[2000,3000,)"));
  EXPECT_NE(after(0).find(R"(901000],"series":[{"plot":"sessions","name":"prod","values":[1,1,)"),
            std::string::npos);
  EXPECT_TRUE(after(899).starts_with(R"({"times":[900000,901000],)")) << after(899);
  EXPECT_NE(after(899).find(R"("name":"prod","values":[1,1]})"), std::string::npos);
}

TEST_F(HistoryTest, BeginsAnewWithOtherSeries) {
  sample(3);
  config->proxies[1].retired = true;
  sample(1);
  EXPECT_EQ(after(0), R"({"times":[4000],"series":[{"plot":"sessions","name":"prod","values":[0]},)"
                      R"({"plot":"rate","name":"prod","values":[0]}]})");
}

template <typename Work>
Clock::duration least_time(Work work) {
  auto least = Clock::duration::max();
  for (int i = 0; i < 10; ++i) {
    const auto begin = Clock::now();
    work();
    least = std::min(least, Clock::now() - begin);
  }
  return least;
}

// A hundred clients may ask for all of it, again and again, and checks wait for that.
TEST_F(HistoryTest, IsNotWrittenAnewForEachRequest) {
  sample(History::points);
  std::size_t length = 0;
  const auto asking = least_time([&] { length += after(0).size(); });
  const auto writing = least_time([&] {
    for (std::size_t i = 0; i < 4 * History::points; ++i) length += format("%.6g", 0.0).size();
  });
  EXPECT_LT(2 * asking, writing) << length;
}

}  // namespace
}  // namespace novip::admin
