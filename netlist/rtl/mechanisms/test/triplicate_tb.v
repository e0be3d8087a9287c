// Any single copy of any bit may be wrong, and the output is right.
module triplicate_tb;
  reg clk = 0;
  reg [15:0] x;
  reg [47:0] flip;
  wire [15:0] q;
  integer k, bad = 0;
  always #1 clk = ~clk;
  triplicate #(.WIDTH(16)) dut (.clk(clk), .d0(x ^ flip[15:0]), .d1(x ^ flip[31:16]), .d2(x ^ flip[47:32]), .q(q));
  initial begin
    for (k = 0; k < 48; k = k + 1) begin
      x = $random; flip = 48'd1 << k;
      @(negedge clk) if (q !== x) bad = bad + 1;
      // Two copies of one bit are wrong: so is the output.
      flip = (48'd1 << k) | (48'd1 << ((k + 16) % 48));
      @(negedge clk) if (q !== (x ^ (16'd1 << k % 16))) bad = bad + 1;
    end
    if (bad == 0) $display("PASS"); else $display("FAIL %0d", bad);
    $finish;
  end
endmodule
