#include "admin/field_meta.h"
#include "base/text.h"
#include "fixture.h"

namespace novip::admin {
namespace {

class Formats : public AdminTest {
 protected:
  /// The first line of an answer that holds this.
  std::string line_of(std::string_view command, std::string_view part) {
    const std::string text = ask(command);
    for (const auto line : split(text, '\n'))
      if (line.find(part) != std::string_view::npos) return std::string(line);
    return "";
  }
};

TEST_F(Formats, TypedStatistics) {
  pass(0, 0);
  EXPECT_EQ(line_of("show stat typed", ".pxname."), "F.2.0.0.pxname.1:KNS:str:prod");
  EXPECT_EQ(line_of("show stat typed", "S.2.1.17."), "S.2.1.17.status.1:SGP:str:UP");
  EXPECT_EQ(line_of("show stat typed", "S.2.1.19."), "S.2.1.19.act.1:SGP:u32:1");
  EXPECT_EQ(line_of("show stat typed", "B.2.0.19."), "B.2.0.19.act.1:MGP:u32:3");
  EXPECT_EQ(line_of("show stat typed", "S.2.1.55."), "S.2.1.55.lastsess.1:MAP:s32:-1");
  EXPECT_EQ(line_of("show stat typed desc", "S.2.1.4."),
            "S.2.1.4.scur.1:MGP:u32:0:\"sessions now\"");
}

TEST_F(Formats, TypedHasNoLineForWhatDoesNotApply) {
  EXPECT_EQ(line_of("show stat typed", "F.2.0.2."), "");  // a frontend has no queue
}

TEST_F(Formats, StatisticsAsJson) {
  const auto text = ask("show stat 2 4 1 json");
  EXPECT_TRUE(text.starts_with(
      R"([[{"objType":"Server","proxyId":2,"id":1,"field":{"pos":0,"name":"pxname"},)"
      R"("processNum":1,"tags":{"origin":"Key","nature":"Name","scope":"Service"},)"
      R"("value":{"type":"str","value":"prod"}},)"))
      << text;
  EXPECT_NE(text.find(R"("name":"scur"},"processNum":1,"tags":{"origin":"Metric","nature":"Gauge",)"
                      R"("scope":"Process"},"value":{"type":"u32","value":0}})"),
            std::string::npos);
  EXPECT_TRUE(text.ends_with("}]]\n\n"));
}

TEST_F(Formats, Info) {
  EXPECT_EQ(line_of("show info typed", "Pid"), "6.Pid.1:SGP:u32:4242");
  EXPECT_EQ(line_of("show info typed desc", "Pid"), "6.Pid.1:SGP:u32:4242:\"process id\"");
  EXPECT_EQ(line_of("show info desc", "Pid"), "Pid: 4242:\"process id\"");
  EXPECT_TRUE(ask("show info json")
                  .starts_with(R"([{"field":{"pos":0,"name":"Name"},"processNum":1,"tags":)"
                               R"({"origin":"Product","nature":"Output","scope":"Service"},)"
                               R"("value":{"type":"str","value":"HAProxy"}},)"));
}

TEST_F(Formats, EveryLineOfInfoHasItsMeaning) {
  const auto text = ask("show info desc");
  for (const auto line : split(text, '\n'))
    if (!line.empty()) {
      EXPECT_TRUE(line.ends_with('"')) << line;
    }
}

}  // namespace
}  // namespace novip::admin
