// CRC-32 (IEEE 802.3, least significant bit first) over the beats that the weight decoder
// takes from its channel. Each of the four banks has the value that came with its
// operation; the two are compared at the end of a pass. The last exclusive or with ones is
// left out on both sides.
module weight_crc (
    input clk, input rst,
    input issue, input [1:0] issue_bank, input [31:0] issue_value,
    input start, input [1:0] start_bank,  // a pass begins, for this bank
    input take, input [63:0] beat,        // the decoder takes a beat
    input done,                           // the pass ends
    input others,
    output raised, output irq);
  reg [31:0] sum;
  reg [1:0] bank;
  reg [31:0] expected0, expected1, expected2, expected3;

  reg [31:0] next;
  integer i;
  always @* begin
    next = sum;
    for (i = 0; i < 64; i = i + 1) next = {1'b0, next[31:1]} ^ (32'hedb88320 & {32{next[0] ^ beat[i]}});
  end
  always @(posedge clk) begin
    if (start) begin
      sum <= 32'hffffffff;
      bank <= start_bank;
    end else if (take) sum <= next;
    if (issue && issue_bank == 2'd0) expected0 <= issue_value;
    if (issue && issue_bank == 2'd1) expected1 <= issue_value;
    if (issue && issue_bank == 2'd2) expected2 <= issue_value;
    if (issue && issue_bank == 2'd3) expected3 <= issue_value;
  end
  wire [31:0] expected;
  assign expected = bank[1] ? (bank[0] ? expected3 : expected2) : (bank[0] ? expected1 : expected0);
  alarm alarm (.clk(clk), .rst(rst), .seen(done & (sum != expected)), .others(others), .raised(raised), .irq(irq));
endmodule
