// The tree gives the residue of the sum of all digits; every flip of a counter bit, of the
// bit that says that an operation is under way, and nothing else raises the alarm.
module residue_check_tb;
  reg clk = 0, rst, load, on;
  reg [99:0] x, q, flip;
  reg on_q, flip_on;
  wire raised, irq;
  wire [1:0] y;
  integer k, n, sum, bad = 0;
  always #1 clk = ~clk;
  residue_mod3 #(.DIGITS(50)) tree (.x(x), .y(y));
  residue_check #(.DIGITS(50)) dut (.clk(clk), .rst(rst), .load(load), .d(x), .q(q ^ flip), .on_d(on), .on_q(on_q ^ flip_on),
    .others(1'b0), .raised(raised), .irq(irq));
  always @(posedge clk) if (rst) {on_q, q} <= 0; else if (load) {on_q, q} <= {on, x};
  initial begin
    for (k = 0; k < 400; k = k + 1) begin
      rst = 1; load = 1; on = 1; flip = 0; flip_on = 0;
      x = {$random, $random, $random, $random};
      #0 sum = 0;
      for (n = 0; n < 50; n = n + 1) sum = sum + x[2*n+:2];
      if (y !== sum % 3) bad = bad + 1;
      @(negedge clk) rst = 0;
      @(negedge clk) load = 0;
      @(negedge clk) if (raised !== 0) bad = bad + 1;
      if (k < 100) flip = 100'd1 << k; else flip_on = k < 200;
      @(negedge clk) flip = 0; flip_on = 0;
      @(negedge clk) if (raised !== (k < 200) || irq !== raised) bad = bad + 1;
    end
    if (bad == 0) $display("PASS"); else $display("FAIL %0d", bad);
    $finish;
  end
endmodule
