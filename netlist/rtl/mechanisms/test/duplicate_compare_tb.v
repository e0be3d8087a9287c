// Every single difference raises the alarm, which stays; equal copies never do; the
// interrupt of the rest passes.
module duplicate_compare_tb;
  reg clk = 0, rst, others;
  reg [99:0] x, flip;
  wire raised, irq;
  integer k, bad = 0;
  always #1 clk = ~clk;
  duplicate_compare #(.WIDTH(100)) dut (.clk(clk), .rst(rst), .first(x), .second(x ^ flip), .others(others), .raised(raised), .irq(irq));
  initial begin
    for (k = 0; k < 100; k = k + 1) begin
      rst = 1; flip = 0; others = 0; x = {$random, $random, $random, $random};
      @(negedge clk) rst = 0;
      @(negedge clk) if (raised !== 0 || irq !== 0) bad = bad + 1;
      others = 1; #0 if (irq !== 1) bad = bad + 1;
      others = 0; flip = 100'd1 << k;
      @(negedge clk) flip = 0;
      @(negedge clk) @(negedge clk) if (raised !== 1 || irq !== 1) bad = bad + 1;
    end
    if (bad == 0) $display("PASS"); else $display("FAIL %0d", bad);
    $finish;
  end
endmodule
