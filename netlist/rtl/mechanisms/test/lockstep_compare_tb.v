// Two copies of a small machine, together and two clocks apart: no alarm while they agree,
// an alarm for a flip of either.
module copy (input clk, input rst, input [7:0] in, output reg [15:0] out);
  always @(posedge clk) out <= rst ? 16'd0 : {out[14:0], ^out} ^ {8'd0, in};
endmodule

module lockstep_compare_tb;
  reg clk = 0, rst, late_rst, wait_rst;
  reg [7:0] in;
  reg [15:0] flip_first, flip_second;
  wire [7:0] in0, in2;
  wire [15:0] first, second0, second2;
  wire raised0, raised2;
  wire [1:0] irq;
  integer k, n, bad = 0;
  always #1 clk = ~clk;
  always @(posedge clk) begin wait_rst <= rst; late_rst <= wait_rst; in <= $random; end
  copy a (.clk(clk), .rst(rst), .in(in), .out(first));
  copy b (.clk(clk), .rst(rst), .in(in0), .out(second0));
  copy c (.clk(clk), .rst(late_rst), .in(in2), .out(second2));
  lockstep_compare #(.WIDTH(16), .ENTERING(8), .CLOCKS(0)) together (.clk(clk), .rst(rst), .entering(in), .entering_second(in0),
    .first(first ^ flip_first), .second(second0 ^ flip_second), .others(1'b0), .raised(raised0), .irq(irq[0]));
  lockstep_compare #(.WIDTH(16), .ENTERING(8), .CLOCKS(2)) apart (.clk(clk), .rst(rst), .entering(in), .entering_second(in2),
    .first(first ^ flip_first), .second(second2 ^ flip_second), .others(1'b0), .raised(raised2), .irq(irq[1]));
  initial begin
    for (k = 0; k < 32; k = k + 1) begin
      rst = 1; flip_first = 0; flip_second = 0;
      for (n = 0; n < 4; n = n + 1) @(negedge clk);
      rst = 0;
      for (n = 0; n < 20; n = n + 1) @(negedge clk);
      if ({raised0, raised2, irq} !== 4'b0000) bad = bad + 1;
      if (k[0]) flip_first = 16'd1 << (k >> 1); else flip_second = 16'd1 << (k >> 1);
      @(negedge clk) flip_first = 0; flip_second = 0;
      for (n = 0; n < 4; n = n + 1) @(negedge clk);
      if ({raised0, raised2, irq} !== 4'b1111) bad = bad + 1;
    end
    if (bad == 0) $display("PASS"); else $display("FAIL %0d", bad);
    $finish;
  end
endmodule
